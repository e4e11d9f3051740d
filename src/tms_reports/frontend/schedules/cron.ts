/** Cron expressions of the usual rhythms, and back. Weekdays are numbers; 0 is Sunday. */
import { formatDate, t } from "tms/i18n";

export const KINDS = ["daily", "weekdays", "weekly", "monthly", "custom"] as const;
export type Kind = (typeof KINDS)[number];

export interface Rhythm {
  kind: Kind;
  /** As "08:00". */
  time: string;
  weekday: number;
  /** Of the month. */
  day: number;
  /** The expression of the kind `custom`. */
  cron: string;
}

export const DEFAULT: Rhythm = { kind: "weekdays", time: "08:00", weekday: 1, day: 1, cron: "" };
const NAMES = ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"];
/** The last day that every month has. */
export const LAST_DAY = 28;

export function writeCron({ kind, time, weekday, day, cron }: Rhythm): string {
  if (kind === "custom") return cron.trim();
  const [hour = 0, minute = 0] = time.split(":").map(Number);
  const days = { daily: "* * *", weekdays: "* * 1-5", weekly: `* * ${weekday}`, monthly: `${day} * *` }[kind];
  return `${minute} ${hour} ${days}`;
}

export function readCron(cron: string): Rhythm {
  const custom: Rhythm = { ...DEFAULT, kind: "custom", cron };
  const numeric = cron.trim().replace(/[A-Za-z]{3}/g, (name) => String(NAMES.indexOf(name.toUpperCase())));
  const found = /^(\d{1,2}) (\d{1,2}) (\*|\d{1,2}) \* (\*|1-5|[0-7])$/.exec(numeric);
  if (!found) return custom;
  const [, minute = "", hour = "", day = "", weekday = ""] = found;
  if (Number(minute) > 59 || Number(hour) > 23) return custom;
  const rhythm = { ...DEFAULT, time: `${hour.padStart(2, "0")}:${minute.padStart(2, "0")}`, cron };
  if (day === "*" && weekday === "*") return { ...rhythm, kind: "daily" };
  if (day === "*" && weekday === "1-5") return { ...rhythm, kind: "weekdays" };
  if (day === "*") return { ...rhythm, kind: "weekly", weekday: Number(weekday) % 7 };
  const isEveryMonth = weekday === "*" && Number(day) >= 1 && Number(day) <= LAST_DAY;
  return isEveryMonth ? { ...rhythm, kind: "monthly", day: Number(day) } : custom;
}

/** As "Every Monday at 08:00". */
export function cronText(cron: string): string {
  const { kind, time, weekday, day } = readCron(cron);
  if (kind === "custom") return cron;
  return t(`reports.rhythm.${kind}At`, { time, weekday: weekdayName(weekday), day });
}

export function weekdayName(weekday: number): string {
  // The first of these days is a Sunday.
  return formatDate(`2023-01-0${weekday + 1}`, { weekday: "long" });
}
