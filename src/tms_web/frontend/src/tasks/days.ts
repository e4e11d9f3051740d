/** Days (`YYYY-MM-DD`), and the words for them in English and German. */

/** The day so many days later. */
export function addDays(day: string, count: number): string {
  const date = new Date(`${day}T00:00:00Z`);
  date.setUTCDate(date.getUTCDate() + count);
  return date.toISOString().slice(0, 10);
}

/** The next day after `day` that is this weekday; 0 is Sunday. */
export function nextWeekday(day: string, weekday: number): string {
  const ahead = (weekday - new Date(`${day}T00:00:00Z`).getUTCDay() + 7) % 7;
  return addDays(day, ahead || 7);
}

const DISTANCES: Record<string, number> = {
  today: 0,
  heute: 0,
  tomorrow: 1,
  morgen: 1,
  "day after tomorrow": 2,
  übermorgen: 2,
  uebermorgen: 2,
};

const WEEKDAYS = [
  ["sunday", "sonntag"],
  ["monday", "montag"],
  ["tuesday", "dienstag"],
  ["wednesday", "mittwoch"],
  ["thursday", "donnerstag"],
  ["friday", "freitag"],
  ["saturday", "samstag", "sonnabend"],
];

const UNITS = [
  { words: /^(days?|tag(en)?)$/, days: 1 },
  { words: /^(weeks?|wochen?)$/, days: 7 },
];

/** Matches a day in words or figures, with the preposition before it. The first group is the day. */
export const DAY_PATTERN = new RegExp(
  `(?<![\\p{L}\\p{N}_@!])(?:(?:on|by|due|bis|am|fällig)\\s+)*(${[
    "day after tomorrow|today|tomorrow|heute|morgen|übermorgen|uebermorgen",
    `(?:next\\s+|nächste[nr]?\\s+)?(?:${WEEKDAYS.flat().join("|")})`,
    "next week|nächste woche",
    "in \\d{1,3} (?:days?|weeks?|tag(?:en)?|wochen?)",
    "\\d{4}-\\d{2}-\\d{2}",
    "\\d{1,2}\\.\\d{1,2}\\.(?:\\d{4})?",
  ].join("|")})(?![\\p{L}\\p{N}_-])`,
  "giu",
);

/** The day that the words mean, counted from `today`; null if there is no such day, as with 31.2. */
export function readDay(text: string, today: string): string | null {
  const words = text.toLowerCase().replace(/\s+/g, " ");
  const distance = DISTANCES[words];
  if (distance !== undefined) return addDays(today, distance);
  if (words === "next week" || words === "nächste woche") return nextWeekday(today, 1);
  const weekday = WEEKDAYS.findIndex((names) => names.includes(words.split(" ").at(-1) ?? ""));
  if (weekday >= 0) return nextWeekday(today, weekday);
  const [, count, unit] = /^in (\d+) (.+)$/.exec(words) ?? [];
  if (count && unit) return addDays(today, Number(count) * (UNITS.find((one) => one.words.test(unit))?.days ?? 1));
  if (/^\d{4}-/.test(words)) return isDay(words) ? words : null;
  const [, day, month, year] = /^(\d+)\.(\d+)\.(\d+)?$/.exec(words) ?? [];
  return day && month ? dayOfFigures(day, month, year, today) : null;
}

/** Without a year, the next such day. */
function dayOfFigures(day: string, month: string, year: string | undefined, today: string): string | null {
  const rest = `${month.padStart(2, "0")}-${day.padStart(2, "0")}`;
  const thisYear = Number(today.slice(0, 4));
  const candidates = year ? [year] : [thisYear, thisYear + 1];
  return candidates.map((one) => `${one}-${rest}`).find((one) => isDay(one) && (year || one >= today)) ?? null;
}

/** Whether this is a day of the calendar, as `2026-02-30` is not. */
export function isDay(text: string): boolean {
  if (!/^\d{4}-\d{2}-\d{2}$/.test(text)) return false;
  const time = Date.parse(`${text}T00:00:00Z`);
  return !Number.isNaN(time) && new Date(time).toISOString().startsWith(text);
}
