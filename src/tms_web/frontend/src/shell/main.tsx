import { render } from "preact";
import { Layout } from "./layout.tsx";
import { followLocation } from "./page-view.tsx";
import { applyPreferences } from "./preferences.ts";
import { loadModules } from "./registry.ts";
import { followSession, prefetchPage, restore } from "./start.ts";

const root = document.getElementById("app") ?? document.body.appendChild(document.createElement("div"));
void restore();
void prefetchPage();
await applyPreferences();
followSession(loadModules());
followLocation();
render(<Layout />, root);
