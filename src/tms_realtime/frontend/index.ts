import de from "catalogue:de";
import en from "catalogue:en";
import type { WebModule } from "tms/module";
import { ConnectionItem } from "./connection-item.tsx";
import { source } from "./source.ts";
import { Viewers } from "./viewers.tsx";

const module: WebModule = {
  name: "tms_realtime",
  messages: { en, de },
  feed: source,
  headerItems: [{ id: "connection", order: 10, component: ConnectionItem }],
  taskBadges: [{ id: "viewers", order: 10, component: Viewers }],
};
export default module;
