import { signal } from "@preact/signals";
import type { Status } from "tms/api";
import { formatDate, formatDateTime, formatRelative, formatRelativeDay, today } from "tms/i18n";

/** Ticks once a minute, for every relative time on the page. */
const now = signal(Date.now());
if (globalThis.document) setInterval(() => (now.value = Date.now()), 60_000);

/** An instant as "5 minutes ago", the exact one on hover. */
export function RelativeTime({ at }: { at: string }) {
  return (
    <time dateTime={at} title={formatDateTime(at)}>
      {formatRelative(at, Math.max(now.value, Date.now()))}
    </time>
  );
}

/** A due date as "tomorrow", the exact one on hover; overdue and today are marked unless the task is done. */
export function DueDate({ day, status }: { day: string; status?: Status }) {
  const current = today(new Date(now.value));
  const isOpen = status !== "COMPLETED" && status !== "ARCHIVED";
  const tone = !isOpen || day > current ? "" : day === current ? "time--today" : "time--overdue";
  const exact = formatDate(day, { weekday: "long", day: "numeric", month: "long", year: "numeric" });
  return (
    <time class={tone} dateTime={day} title={exact}>
      {formatRelativeDay(day, current)}
    </time>
  );
}
