/** Scheduled reports, as the API has them. */
import { ApiError, api } from "tms/api";
import type { Parameters } from "../parameters.ts";
import { type Format, type ReportName, SCHEDULES } from "../reports.ts";

export interface NewSchedule {
  name: string;
  cron: string;
  /** Of the IANA. */
  timezone: string;
  report: ReportName;
  parameters: Parameters;
  format: Format;
  /** Ids of users. */
  recipients: readonly number[];
  is_paused: boolean;
}

export interface Schedule extends NewSchedule {
  id: number;
  next_run_at: string | null;
  last_run: { at: string; status: string; error: string | null; job_id: number | null } | null;
}

export function readSchedules(signal: AbortSignal): Promise<{ results: Schedule[] }> {
  return api.get<{ results: Schedule[] }>(SCHEDULES, {}, { signal });
}

/** Adds a schedule, or changes the one with this id. */
export function saveSchedule(id: number | null, schedule: NewSchedule): Promise<Schedule> {
  return id === null ? api.post<Schedule>(SCHEDULES, schedule) : api.patch<Schedule>(`${SCHEDULES}/${id}`, schedule);
}

/** Whether the deployment has nothing that mails reports. */
export function isUnavailable(error: unknown): boolean {
  return error instanceof ApiError && (error.status === 501 || error.status === 404);
}
