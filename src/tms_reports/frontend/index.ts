import type { WebModule } from "tms/module";

const module: WebModule = { name: "tms_reports" };
export default module;
