/** The query string of the page: which tasks the list shows, and in which order. */
import { PRIORITIES, type Priority, STATUSES, type Status } from "tms/api";
import type { Filters, ListQuery, OrderField, Ordering } from "tms/store";
import { createdFilters, type Due, type DueRange, dueFilters, readDue, readRange } from "./due.ts";

export const GROUPINGS = ["status", "priority", "assignee", "due"] as const;
export type Grouping = (typeof GROUPINGS)[number];
export type Person = number | "me" | "none";

export interface ListView {
  status: Status[];
  priority: Priority[];
  assignee: Person[];
  creator: Person[];
  due: Due | null;
  /** The days of creation. */
  created: DueRange | null;
  q: string;
  ordering: Ordering[];
  /** The field whose values are the groups of the list. */
  group: Grouping | null;
  /** The saved view that was opened; the rest may have changed since. */
  saved: number | null;
}

export const EMPTY_VIEW: ListView = {
  status: [],
  priority: [],
  assignee: [],
  creator: [],
  due: null,
  created: null,
  q: "",
  ordering: [],
  group: null,
  saved: null,
};

/** What is done is not overdue. */
export const OPEN: readonly Status[] = ["PENDING", "IN_PROGRESS"];
const ORDERING = /^-?(id|due_date|priority|status|created_at|updated_at|title)$/;

/** Unknown values are left out, so that an address of another version still opens. */
export function readView(query: URLSearchParams): ListView {
  const values = (name: string) => (query.get(name) ?? "").split(",").filter(Boolean);
  const people = (name: string) =>
    values(name).flatMap((one): Person[] =>
      one === "me" || one === "none" ? [one] : /^[1-9]\d{0,9}$/.test(one) ? [Number(one)] : [],
    );
  return {
    status: STATUSES.filter((one) => values("status").includes(one)),
    priority: PRIORITIES.filter((one) => values("priority").includes(one)),
    assignee: people("assignee"),
    creator: people("creator").filter((one) => one !== "none"),
    due: readDue(query.get("due") ?? ""),
    created: readRange(query.get("created") ?? ""),
    q: query.get("q") ?? "",
    ordering: values("ordering").filter((one): one is Ordering => ORDERING.test(one)),
    group: GROUPINGS.find((one) => one === query.get("group")) ?? null,
    saved: /^[1-9]\d{0,15}$/.test(query.get("saved") ?? "") ? Number(query.get("saved")) : null,
  };
}

/** `?status=PENDING&due=today`, or nothing. `others` are the parameters of the page itself. */
export function writeView(view: ListView, others: Readonly<Record<string, string>> = {}): string {
  const params = new URLSearchParams();
  for (const [name, value] of Object.entries({ ...others, ...view })) {
    const text = Array.isArray(value) ? value.join(",") : String(value ?? "");
    if (text) params.set(name, text);
  }
  // Commas stay readable; they need no escape in a query.
  const text = params.toString().replaceAll("%2C", ",");
  return text && `?${text}`;
}

/** The view as the query of the API. `today` is `YYYY-MM-DD`. */
export function toListQuery(view: ListView, today: string): ListQuery {
  const filters: Filters = {
    ...(view.status.length && { status: view.status }),
    ...(view.priority.length && { priority: view.priority }),
    ...(view.assignee.length && { assigned_to: view.assignee }),
    ...(view.creator.length && { created_by: view.creator.filter((one) => one !== "none") }),
    ...(view.q.trim() && { q: view.q.trim() }),
    ...(view.due === "overdue" && !view.status.length && { status: [...OPEN] }),
    ...dueFilters(view.due, today),
    ...createdFilters(view.created),
  };
  return { filters, ordering: view.ordering };
}

export function hasFilters(view: ListView): boolean {
  return writeView({ ...view, ordering: [], group: null, saved: null }) !== "";
}

/** The ordering after a press on a column head: ascending, descending, none. `isAdded` keeps the other columns. */
export function toggleOrdering(ordering: readonly Ordering[], field: OrderField, isAdded: boolean): Ordering[] {
  const place = ordering.findIndex((one) => one === field || one === `-${field}`);
  const next: Ordering[] = place < 0 ? [field] : ordering[place] === field ? [`-${field}`] : [];
  if (!isAdded) return next;
  return place < 0 ? [...ordering, field] : ordering.toSpliced(place, 1, ...next);
}
