/** Dates, times and numbers in the language and the time zone of the user. A due date is a day (`YYYY-MM-DD`) in no zone. */
import { signal } from "@preact/signals";
import { language } from "./catalogue.ts";
import { dateTimeFormat, numberFormat, relativeTimeFormat } from "./formatters.ts";

/** By the language, as "Mar 1, 2027", or always alike. */
export type DateFormat = "language" | "iso" | "dmy" | "mdy";
export type HourFormat = "language" | "24" | "12";

/** A time zone that a package keeps with the user's account; null is the deployment's. */
export interface AccountTimeZone {
  zone: string | null;
  /** Saves another one; rejects with ApiError. */
  choose: (zone: string | null) => Promise<void>;
}

/** The time zone of the account, which has precedence over that of the browser; null where no package keeps one. */
export const accountTimeZone = signal<AccountTimeZone | null>(null);
/** The IANA time zone of dates and of "today"; the shell sets it. */
export const timeZone = signal(Intl.DateTimeFormat().resolvedOptions().timeZone);
export const dateFormat = signal<DateFormat>("language");
export const hourFormat = signal<HourFormat>("language");

const DAY = 86_400_000;
const UNITS: [Intl.RelativeTimeFormatUnit, number][] = [
  ["year", 365 * DAY],
  ["month", 30 * DAY],
  ["week", 7 * DAY],
  ["day", DAY],
  ["hour", 3_600_000],
  ["minute", 60_000],
];

/** Today as `YYYY-MM-DD` in the user's zone. */
export function today(now: Date = new Date()): string {
  return dateTimeFormat("sv-SE", { timeZone: timeZone.value, dateStyle: "short" }).format(now);
}

/** A day in the user's format, as "3 Mar 2027"; that of the language has no year where it is this one. */
export function formatDate(day: string, options?: Intl.DateTimeFormatOptions): string {
  if (!options && dateFormat.value !== "language") return formatNumerically(day, dateFormat.value);
  const year = day.slice(0, 4) === today().slice(0, 4) ? {} : ({ year: "numeric" } as const);
  const chosen = options ?? { day: "numeric", month: "short", ...year };
  return dateTimeFormat(language.value, { ...chosen, timeZone: "UTC" }).format(new Date(`${day}T00:00:00Z`));
}

/** The days from one to another, as "1 – 30 Nov"; without the year where both are in this one. */
export function formatDateRange(from: string, to: string): string {
  const isThisYear = [from, to].every((day) => day.slice(0, 4) === today().slice(0, 4));
  const year = isThisYear ? {} : ({ year: "numeric" } as const);
  const format = dateTimeFormat(language.value, { day: "numeric", month: "short", ...year, timeZone: "UTC" });
  return format.formatRange(new Date(`${from}T00:00:00Z`), new Date(`${to}T00:00:00Z`));
}

/** An instant (RFC 3339) with date and time in the user's format and zone. */
export function formatDateTime(instant: string): string {
  const at = new Date(instant);
  const zone = { timeZone: timeZone.value };
  const hours = hourFormat.value === "language" ? {} : { hour12: hourFormat.value === "12" };
  if (dateFormat.value === "language") {
    const options = { dateStyle: "medium", timeStyle: "short", ...zone, ...hours } as const;
    return dateTimeFormat(language.value, options).format(at);
  }
  const time = dateTimeFormat(language.value, { timeStyle: "short", ...zone, ...hours }).format(at);
  return `${formatNumerically(today(at), dateFormat.value)}, ${time}`;
}

function formatNumerically(iso: string, format: Exclude<DateFormat, "language">): string {
  const [year, month, day] = iso.split("-");
  return { iso, dmy: `${day}.${month}.${year}`, mdy: `${month}/${day}/${year}` }[format];
}

/** An instant relative to now: "5 minutes ago". */
export function formatRelative(instant: string, now: number = Date.now()): string {
  const difference = Date.parse(instant) - now;
  const [unit, size] = UNITS.find(([, one]) => Math.abs(difference) >= one) ?? ["second", 1000];
  if (unit === "second") return relative().format(0, "second");
  return relative().format(Math.round(difference / size), unit);
}

/** A day relative to today: "tomorrow", "in 3 days"; beyond two weeks the date itself. */
export function formatRelativeDay(day: string, from: string = today()): string {
  const days = Math.round((Date.parse(day) - Date.parse(from)) / DAY);
  return Math.abs(days) > 14 ? formatDate(day) : relative().format(days, "day");
}

export function formatNumber(value: number, options?: Intl.NumberFormatOptions): string {
  return numberFormat(language.value, options).format(value);
}

function relative(): Intl.RelativeTimeFormat {
  return relativeTimeFormat(language.value);
}
