/** The parameters of jobs and schedules, as JSON, from the filters of the page; and as a text to read. */
import type { Priority, Status } from "tms/api";
import { formatDate, t } from "tms/i18n";
import { nameOf, users } from "tms/store";
import { isDay, type ListView, toListQuery } from "tms/tasks";
import { daysOf, periodOf } from "./period.tsx";
import type { ReportName } from "./reports.ts";

export type Parameters = Readonly<Record<string, unknown>>;

/** The filters, and the period of the address where the report has one. */
export function parametersOf(report: ReportName, view: ListView, query: URLSearchParams, today: string): Parameters {
  const { filters } = toListQuery(view, today);
  const { from, to } = periodOf(query);
  switch (report) {
    case "trend":
      return { ...filters, days: daysOf(query) };
    case "cycle-time":
      return { ...filters, days: daysOf(query), ...(query.get("by") === "assigned_to" && { by: "assigned_to" }) };
    case "burndown":
      return { ...filters, ...(from && { from }), ...(to && { to }) };
    default:
      return { ...filters };
  }
}

/** As "Priority: High, Urgent · Last 30 days"; "All tasks" without any. */
export function parametersText(parameters: Parameters): string {
  const parts = Object.entries(parameters).flatMap(([name, value]) => {
    const values = Array.isArray(value) ? (value as unknown[]) : [value];
    const text = values.map((one) => valueText(name, one)).join(", ");
    return text ? [text] : [];
  });
  return parts.join(" · ") || t("reports.allTasks");
}

const FIELDS: Readonly<Record<string, string>> = {
  status: "status",
  priority: "priority",
  assigned_to: "assigned_to",
  created_by: "created_by",
};
const BOUNDS: Readonly<Record<string, string>> = {
  due_date: "reports.due.on",
  due_date_gte: "reports.due.from",
  due_date_gt: "reports.due.after",
  due_date_lte: "reports.due.to",
  due_date_lt: "reports.due.before",
  created_at_gte: "reports.created.from",
  created_at_gt: "reports.created.after",
  created_at_lte: "reports.created.to",
  created_at_lt: "reports.created.before",
  updated_at_gte: "reports.updated.from",
  updated_at_gt: "reports.updated.after",
  updated_at_lte: "reports.updated.to",
  updated_at_lt: "reports.updated.before",
  from: "reports.fromDay",
  to: "reports.toDay",
};

function valueText(name: string, value: unknown): string {
  const bound = BOUNDS[name];
  if (bound) return value === "none" ? t("tasks.due.none") : t(bound, { day: dayText(String(value)) });
  switch (name) {
    case "status":
      return t(`status.${value as Status}`);
    case "priority":
      return t(`priority.${value as Priority}`);
    case "assigned_to":
    case "created_by":
      return `${t(`tasks.field.${FIELDS[name]}`)}: ${userText(value)}`;
    case "days":
      return t("reports.lastDays", { count: Number(value) });
    case "by":
      return `${t("reports.cycle.by")}: ${t(`tasks.field.${value as string}`)}`;
    case "q":
      return `“${value}”`;
    default:
      return "";
  }
}

/** Instants, which only the API takes, as they are. */
function dayText(value: string): string {
  return isDay(value) ? formatDate(value) : value;
}

function userText(value: unknown): string {
  if (value === "me") return t("tasks.me");
  if (value === "none") return t("task.unassigned");
  const user = users.get(Number(value));
  return user ? nameOf(user) : `#${value}`;
}
