import type { WebModule } from "tms/module";

const module: WebModule = { name: "tms_notifications" };
export default module;
