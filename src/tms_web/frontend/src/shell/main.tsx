import { render } from "preact";

const root = document.getElementById("app") ?? document.body.appendChild(document.createElement("div"));
render(<p>TMS</p>, root);
