/** Months of days (`YYYY-MM-DD`). */
import { addDays } from "./days.ts";
import { startOfWeek } from "./weeks.ts";

/** The same day so many months later; the last day of a month that is too short for it. */
export function addMonths(day: string, count: number): string {
  const date = new Date(`${day}T00:00:00Z`);
  const number = date.getUTCDate();
  date.setUTCDate(1);
  date.setUTCMonth(date.getUTCMonth() + count);
  const last = new Date(date);
  last.setUTCMonth(last.getUTCMonth() + 1, 0);
  date.setUTCDate(Math.min(number, last.getUTCDate()));
  return date.toISOString().slice(0, 10);
}

/** The weeks that a month is in, each of seven days. */
export function monthWeeks(day: string, firstDay: number): string[][] {
  const first = `${day.slice(0, 7)}-01`;
  const last = addDays(addMonths(first, 1), -1);
  const weeks: string[][] = [];
  for (let start = startOfWeek(first, firstDay); start <= last; start = addDays(start, 7)) weeks.push(weekFrom(start));
  return weeks;
}

/** The days of the week that a day is in. */
export function weekOf(day: string, firstDay: number): string[] {
  return weekFrom(startOfWeek(day, firstDay));
}

function weekFrom(start: string): string[] {
  return Array.from({ length: 7 }, (_, index) => addDays(start, index));
}
