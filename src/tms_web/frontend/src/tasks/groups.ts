/** Groups of the list: the query of the view, narrowed to one value of the grouping field. */
import { PRIORITIES, STATUSES, type Status } from "tms/api";
import type { Filters, ListQuery } from "tms/store";
import { addDays } from "./days.ts";
import { type Grouping, type ListView, OPEN, toListQuery } from "./query.ts";

export const DUE_GROUPS = ["overdue", "today", "tomorrow", "week", "later", "none", "past"] as const;

export interface Group {
  /** The value: a status, a priority, the id of a user, one of DUE_GROUPS, or "none". */
  key: string;
  query: ListQuery;
}

interface Span {
  from?: string;
  to?: string;
}

const CLOSED = STATUSES.filter((one) => !OPEN.includes(one));

/** The groups in order; together they have every task of the view once. `assignees` is used with that grouping only. */
export function groupsOf(
  view: ListView,
  grouping: Grouping,
  today: string,
  assignees: readonly (number | null)[],
): Group[] {
  const { filters, ordering } = toListQuery(view, today);
  const group = (key: string, more: Filters): Group => ({ key, query: { filters: { ...filters, ...more }, ordering } });
  switch (grouping) {
    case "status":
      return STATUSES.filter((one) => isAmong(one, filters.status)).map((one) => group(one, { status: [one] }));
    case "priority":
      return PRIORITIES.toReversed()
        .filter((one) => isAmong(one, filters.priority))
        .map((one) => group(one, { priority: [one] }));
    case "assignee":
      return assignees.map((one) => group(String(one ?? "none"), { assigned_to: [one ?? "none"] }));
    case "due":
      return DUE_GROUPS.flatMap((key) => {
        const more = narrow(filters, key, today);
        if (!more) return [];
        const { due_date: _days, due_date_gte: _gte, due_date_lte: _lte, due_date_lt: _lt, ...others } = filters;
        return { key, query: { filters: { ...others, ...more }, ordering } };
      });
  }
}

/** The filters of a group of due dates; null if none of its tasks can be in the view. */
function narrow(filters: Filters, key: (typeof DUE_GROUPS)[number], today: string): Filters | null {
  const isNone = filters.due_date?.includes("none") ?? false;
  const whole = spanOf(filters);
  if (key === "none") return whole.from || whole.to ? null : { due_date: ["none"] };
  if (isNone) return null;
  const statuses = key === "overdue" ? OPEN : key === "past" ? CLOSED : undefined;
  const status = statuses?.filter((one) => isAmong<Status>(one, filters.status));
  const own = dueSpan(key, today);
  const from = [own.from, whole.from].filter(Boolean).sort().at(-1);
  const to = [own.to, whole.to].filter(Boolean).sort()[0];
  if ((from && to && from > to) || status?.length === 0) return null;
  return { ...(from && { due_date_gte: from }), ...(to && { due_date_lte: to }), ...(status && { status }) };
}

function dueSpan(key: Exclude<(typeof DUE_GROUPS)[number], "none">, today: string): Span {
  switch (key) {
    case "overdue":
    case "past":
      return { to: addDays(today, -1) };
    case "today":
      return { from: today, to: today };
    case "tomorrow":
      return { from: addDays(today, 1), to: addDays(today, 1) };
    case "week":
      return { from: addDays(today, 2), to: addDays(today, 6) };
    case "later":
      return { from: addDays(today, 7) };
  }
}

/** The due dates that the view asks for. */
function spanOf({ due_date, due_date_gte, due_date_lte, due_date_lt }: Filters): Span {
  const day = due_date?.find((one) => one !== "none");
  const from = day ?? due_date_gte;
  const to = day ?? due_date_lte ?? (due_date_lt && addDays(due_date_lt, -1));
  return { ...(from && { from }), ...(to && { to }) };
}

function isAmong<T>(value: T, wanted: readonly T[] | undefined): boolean {
  return !wanted?.length || wanted.includes(value);
}
