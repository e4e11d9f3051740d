/** Which due dates, and days of creation, the list shows: a choice relative to today, or a range of days. */
import { formatDate, formatDateRange, t } from "tms/i18n";
import type { Filters } from "tms/store";
import { addDays, isDay } from "./days.ts";

export const DUE_CHOICES = ["overdue", "today", "week", "month", "none"] as const;
export type DueChoice = (typeof DUE_CHOICES)[number];
/** As `2026-11-01..2026-11-30`, both days included; one of them may be missing. */
export type DueRange = `${string}..${string}`;
export type Due = DueChoice | DueRange;

/** The value of the address; null for anything else. */
export function readDue(text: string): Due | null {
  return DUE_CHOICES.find((one) => one === text) ?? readRange(text);
}

/** A range of the address; null for anything else. */
export function readRange(text: string): DueRange | null {
  const [from = "", to = "", ...rest] = text.split("..");
  const areDays = [from, to].every((day) => day === "" || isDay(day));
  return rest.length || !areDays ? null : makeRange(from, to);
}

/** A range in the right order, or null if both days are missing. */
export function makeRange(from: string, to: string): DueRange | null {
  if (!from && !to) return null;
  return from && to && from > to ? `${to}..${from}` : `${from}..${to}`;
}

/** The first and the last day, "" where there is none. */
export function daysOf(due: DueRange): [from: string, to: string] {
  const [from = "", to = ""] = due.split("..");
  return [from, to];
}

export function isRange(due: Due | null): due is DueRange {
  return due?.includes("..") ?? false;
}

/** The filters of the API, without the status. `today` is `YYYY-MM-DD`. */
export function dueFilters(due: Due | null, today: string): Filters {
  if (isRange(due)) {
    const [from, to] = daysOf(due);
    return { ...(from && { due_date_gte: from }), ...(to && { due_date_lte: to }) };
  }
  switch (due) {
    case "overdue":
      return { due_date_lt: today };
    case "today":
      return { due_date: [today] };
    case "week":
      return { due_date_gte: today, due_date_lte: addDays(today, 6) };
    case "month":
      return { due_date_gte: `${today.slice(0, 8)}01`, due_date_lte: lastOfMonth(today) };
    case "none":
      return { due_date: ["none"] };
    default:
      return {};
  }
}

/** The filters of the API for the days of creation. */
export function createdFilters(range: DueRange | null): Filters {
  const [from, to] = range ? daysOf(range) : ["", ""];
  return { ...(from && { created_at_gte: from }), ...(to && { created_at_lte: to }) };
}

/** As "Next 7 days" or "1 – 30 Nov". */
export function dueText(due: Due): string {
  if (!isRange(due)) return t(`tasks.due.${due}`);
  const [from, to] = daysOf(due);
  if (!to) return t("tasks.due.from", { day: formatDate(from) });
  if (!from) return t("tasks.due.until", { day: formatDate(to) });
  return from === to ? formatDate(from) : formatDateRange(from, to);
}

function lastOfMonth(day: string): string {
  return addDays(`${addDays(`${day.slice(0, 8)}28`, 4).slice(0, 8)}01`, -1);
}
