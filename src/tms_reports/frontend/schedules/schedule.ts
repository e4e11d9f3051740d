/** Requests for scheduled reports. */
import { ApiError, api, type ReportSchedule, type ReportSchedules } from "tms/api";
import { SCHEDULES } from "../reports.ts";

/** What a form sends. */
export type ScheduleDraft = Pick<ReportSchedule, "name" | "cron" | "timezone" | "report" | "parameters" | "recipients">;

export function readSchedules(signal: AbortSignal): Promise<ReportSchedules> {
  return api.get<ReportSchedules>(SCHEDULES, {}, { signal });
}

/** Adds a schedule, or changes the one with this id. */
export function saveSchedule(id: number | null, draft: ScheduleDraft): Promise<ReportSchedule> {
  if (id === null) return api.post<ReportSchedule>(SCHEDULES, draft);
  return api.patch<ReportSchedule>(`${SCHEDULES}/${id}`, draft);
}

/** Whether the deployment has nothing that mails reports. */
export function isWithoutMail(error: unknown): boolean {
  return error instanceof ApiError && error.status === 501;
}
