/** Notifications by day, in the user's time zone. */
import { formatDate, formatRelativeDay, today } from "tms/i18n";

export interface Day<Row> {
  /** `YYYY-MM-DD`. */
  day: string;
  rows: Row[];
}

/** Groups rows that are ordered by id: one whose day differs begins another group. */
export function byDay<Row extends { created_at: string }>(rows: readonly Row[]): Day<Row>[] {
  const days: Day<Row>[] = [];
  for (const row of rows) {
    const day = today(new Date(row.created_at));
    const last = days.at(-1);
    if (last?.day === day) last.rows.push(row);
    else days.push({ day, rows: [row] });
  }
  return days;
}

/** "Today", "Yesterday", or the weekday with the date. */
export function dayText(day: string, now: string): string {
  const days = Math.round((Date.parse(now) - Date.parse(day)) / 86_400_000);
  if (days !== 0 && days !== 1) return formatDate(day, { weekday: "long", day: "numeric", month: "long" });
  const text = formatRelativeDay(day, now);
  return text.charAt(0).toLocaleUpperCase() + text.slice(1);
}
