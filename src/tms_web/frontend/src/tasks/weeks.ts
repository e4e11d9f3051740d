/** Weeks begin on a day that depends on the region. Weekdays are numbers; 0 is Sunday, as in Date. */
import { addDays } from "./days.ts";

interface WeekInfo {
  /** 1 is Monday, 7 is Sunday. */
  firstDay: number;
}

/** Regions whose weeks begin on Sunday, for browsers without `Intl.Locale.prototype.getWeekInfo`. */
const SUNDAY = new Set(
  "AG AS AU BD BR BS BT BW BZ CA CO DM DO ET GT GU HK HN ID IL IN JM JP KE KH KR LA MH MM MO MT MX MZ NI NP PA PE PH PK PR PT PY SA SG SV TH TT TW UM US VE VI WS YE ZA ZW".split(
    " ",
  ),
);

/** The weekday with which weeks begin in a locale such as "de" or "en-GB". */
export function firstDayOfWeek(locale: string): number {
  const found = new Intl.Locale(locale);
  const { getWeekInfo, weekInfo } = found as { getWeekInfo?: () => WeekInfo; weekInfo?: WeekInfo };
  const info = getWeekInfo?.call(found) ?? weekInfo;
  if (info) return info.firstDay % 7;
  return SUNDAY.has(found.maximize().region ?? "") ? 0 : 1;
}

/** The first day of the week of a day. */
export function startOfWeek(day: string, firstDay: number): string {
  return addDays(day, -((weekdayOf(day) - firstDay + 7) % 7));
}

/** 0 is Sunday. */
export function weekdayOf(day: string): number {
  return new Date(`${day}T00:00:00Z`).getUTCDay();
}

/** The user's locale in a language: that of the browser where it is one, as it names the region. */
export function localeOf(language: string, wanted: readonly string[] = navigator.languages): string {
  return wanted.find((one) => one.split("-")[0] === language) ?? language;
}

/** Days from `from` to `to`, both included; null is without an end. */
export interface DayRange {
  from: string | null;
  to: string | null;
}

export type DueSection = "overdue" | "today" | "tomorrow" | "week" | "later";

/** The days before today, today, tomorrow, the rest of the week (none where it is over by then), and those after it. */
export function dueSections(today: string, firstDay: number): Record<DueSection, DayRange | null> {
  const tomorrow = addDays(today, 1);
  const endOfWeek = addDays(startOfWeek(today, firstDay), 6);
  const next = addDays(today, 2);
  const isOver = endOfWeek < next;
  return {
    overdue: { from: null, to: addDays(today, -1) },
    today: { from: today, to: today },
    tomorrow: { from: tomorrow, to: tomorrow },
    week: isOver ? null : { from: next, to: endOfWeek },
    later: { from: isOver ? next : addDays(endOfWeek, 1), to: null },
  };
}
