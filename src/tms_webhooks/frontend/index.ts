import de from "catalogue:de";
import en from "catalogue:en";
import type { WebModule } from "tms/module";

const module: WebModule = { name: "tms_webhooks", messages: { en, de } };
export default module;
