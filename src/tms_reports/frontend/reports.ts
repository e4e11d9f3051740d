/** The reports of the API: their names, addresses and query parameters. */
import type { Params, ReportJob } from "tms/api";
import { t } from "tms/i18n";
import { toParams } from "tms/store";
import { type ListView, toListQuery } from "tms/tasks";

export type ReportName = ReportJob["report"];
export type Format = ReportJob["format"];

export const REPORTS: readonly ReportName[] = ["insight", "trend", "burndown", "cycle-time", "aging", "workload"];
const PATH = "/api/task-report-insight";
export const JOBS = `${PATH}/jobs`;
export const SCHEDULES = `${PATH}/schedules`;

export function pathOf(name: ReportName): string {
  return name === "insight" ? PATH : `${PATH}/${name}`;
}

/** `today` is the user's day, on which relative filters depend; `more` are parameters of the report itself. */
export function paramsOf(view: ListView, today: string, more: Params = {}): Params {
  return { ...toParams({ ...toListQuery(view, today), ordering: [] }), ...more };
}

export function reportTitle(name: ReportName): string {
  return t(`reports.name.${name}`);
}
