/** The query string of the page: which tasks the list shows, and in which order. */
import { PRIORITIES, type Priority, STATUSES, type Status } from "tms/api";
import type { Filters, ListQuery, OrderField, Ordering } from "tms/store";
import { addDays } from "./days.ts";

export const DUE_CHOICES = ["overdue", "today", "week", "none"] as const;
export type Due = (typeof DUE_CHOICES)[number];
export type Person = number | "me" | "none";

export interface ListView {
  status: Status[];
  priority: Priority[];
  assignee: Person[];
  creator: Person[];
  due: Due | null;
  q: string;
  ordering: Ordering[];
}

export const EMPTY_VIEW: ListView = {
  status: [],
  priority: [],
  assignee: [],
  creator: [],
  due: null,
  q: "",
  ordering: [],
};

/** What is done is not overdue. */
const OPEN: Status[] = ["PENDING", "IN_PROGRESS"];
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
    due: DUE_CHOICES.find((one) => one === query.get("due")) ?? null,
    q: query.get("q") ?? "",
    ordering: values("ordering").filter((one): one is Ordering => ORDERING.test(one)),
  };
}

/** `?status=PENDING&due=today`, or nothing. `others` are the parameters of the page itself. */
export function writeView(view: ListView, others: Readonly<Record<string, string>> = {}): string {
  const params = new URLSearchParams();
  for (const [name, value] of Object.entries({ ...others, ...view })) {
    const text = Array.isArray(value) ? value.join(",") : (value ?? "");
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
    ...dueFilters(view, today),
  };
  return { filters, ordering: view.ordering };
}

export function hasFilters(view: ListView): boolean {
  return writeView({ ...view, ordering: [] }) !== "";
}

/** The ordering after a press on a column head: ascending, descending, none. `isAdded` keeps the other columns. */
export function toggleOrdering(ordering: readonly Ordering[], field: OrderField, isAdded: boolean): Ordering[] {
  const place = ordering.findIndex((one) => one === field || one === `-${field}`);
  const next: Ordering[] = place < 0 ? [field] : ordering[place] === field ? [`-${field}`] : [];
  if (!isAdded) return next;
  return place < 0 ? [...ordering, field] : ordering.toSpliced(place, 1, ...next);
}

function dueFilters(view: ListView, today: string): Filters {
  switch (view.due) {
    case "overdue":
      return { due_date_lt: today, ...(!view.status.length && { status: OPEN }) };
    case "today":
      return { due_date: [today] };
    case "week":
      return { due_date_gte: today, due_date_lte: addDays(today, 6) };
    case "none":
      return { due_date: ["none"] };
    default:
      return {};
  }
}
