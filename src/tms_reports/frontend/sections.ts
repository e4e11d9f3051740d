/** The sections of the page besides the overview, each loaded when it is opened. */
import type { LazyPart } from "tms/module";
import type { ListView, TaskView } from "tms/tasks";

export interface SectionProps {
  view: ListView;
  /** All parameters of the address, also those of the sections themselves. */
  query: URLSearchParams;
  goTo: TaskView["goTo"];
  clearFilters: () => void;
}

export const SECTIONS: readonly LazyPart<SectionProps>[] = [
  { id: "trend", order: 20, load: () => import("./sections/trend.tsx") },
  { id: "flow", order: 30, load: () => import("./sections/flow.tsx") },
  { id: "workload", order: 40, load: () => import("./sections/workload.tsx") },
  { id: "jobs", order: 50, load: () => import("./jobs/jobs.tsx") },
  { id: "schedules", order: 60, load: () => import("./schedules/schedules.tsx") },
];
