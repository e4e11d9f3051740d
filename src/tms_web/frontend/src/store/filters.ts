/** The filters and orderings of the task list, evaluated here as the server evaluates them. */
import { type Params, PRIORITIES, type Priority, STATUSES, type Status, type Task } from "tms/api";

/** As the query parameters of `GET /api/task`. Several values mean any of them. */
export interface Filters {
  status?: Status[];
  priority?: Priority[];
  assigned_to?: (number | "me" | "none")[];
  created_by?: (number | "me")[];
  due_date?: (string | "none")[];
  due_date_gte?: string;
  due_date_gt?: string;
  due_date_lte?: string;
  due_date_lt?: string;
  /** Days of the server's time zone, or instants. */
  created_at_gte?: string;
  created_at_lte?: string;
  q?: string;
}

export type OrderField = "id" | "due_date" | "priority" | "status" | "created_at" | "updated_at" | "title";
/** `-` in front means descending. */
export type Ordering = OrderField | `-${OrderField}`;

export interface ListQuery {
  filters: Filters;
  /** Newest first if empty. */
  ordering: Ordering[];
}

/** Whether a task matches; null where only the server can tell (full-text search, its days). `me` is the id of the user. */
export function matches(task: Task, filters: Filters, me: number): boolean | null {
  const ids = (values: (number | string)[]) => values.map((one) => (one === "me" ? me : one === "none" ? null : one));
  const day = task.due_date;
  const isMatch =
    isAmong(task.status, filters.status) &&
    isAmong(task.priority, filters.priority) &&
    isAmong(task.assigned_to, filters.assigned_to && ids(filters.assigned_to)) &&
    isAmong(task.created_by, filters.created_by && ids(filters.created_by)) &&
    isAmong(day, filters.due_date && ids(filters.due_date)) &&
    (!filters.due_date_gte || (day !== null && day >= filters.due_date_gte)) &&
    (!filters.due_date_gt || (day !== null && day > filters.due_date_gt)) &&
    (!filters.due_date_lte || (day !== null && day <= filters.due_date_lte)) &&
    (!filters.due_date_lt || (day !== null && day < filters.due_date_lt));
  const isForServer = filters.q?.trim() || filters.created_at_gte || filters.created_at_lte;
  return isMatch && isForServer ? null : isMatch;
}

/** Compares by an ordering; ties by id in the direction of the last field, as the server does. */
export function comparator(ordering: Ordering[]): (one: Task, other: Task) => number {
  const fields = ordering.length ? ordering : (["-id"] as const);
  return (one, other) => {
    for (const word of fields) {
      const isDescending = word.startsWith("-");
      const result = compareField((isDescending ? word.slice(1) : word) as OrderField, one, other);
      if (result) return isDescending ? -result : result;
    }
    const byId = placeOf(one.id) - placeOf(other.id);
    return fields.at(-1)?.startsWith("-") ? -byId : byId;
  };
}

/** The query parameters of a list. */
export function toParams({ filters, ordering }: ListQuery): Params {
  const { q, ...rest } = filters;
  return { ...rest, ...(q?.trim() && { q: q.trim() }), ...(ordering.length && { ordering }) };
}

/** A key that is equal for equal queries. */
export function keyOf(query: ListQuery): string {
  return JSON.stringify(Object.entries(toParams(query)).sort(([one], [other]) => (one < other ? -1 : 1)));
}

function isAmong<T>(value: T, wanted: readonly T[] | undefined): boolean {
  return !wanted?.length || wanted.includes(value);
}

/** Without case, accents and width, and compared by code point: the order of the server. */
function fold(text: string): string {
  return text.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase().replaceAll("ß", "ss");
}

function compareField(field: OrderField, one: Task, other: Task): number {
  switch (field) {
    case "id":
      return placeOf(one.id) - placeOf(other.id);
    case "title":
      return compareText(fold(one.title), fold(other.title));
    case "priority":
      return PRIORITIES.indexOf(one.priority) - PRIORITIES.indexOf(other.priority);
    case "status":
      return STATUSES.indexOf(one.status) - STATUSES.indexOf(other.status);
    case "due_date":
      // No date sorts after every date.
      return compareText(one.due_date ?? "\uffff", other.due_date ?? "\uffff");
    default:
      return compareText(one[field], other[field]);
  }
}

/** A task that the server has not numbered yet is the newest. */
function placeOf(id: number): number {
  return id < 0 ? Number.MAX_SAFE_INTEGER + id : id;
}

function compareText(one: string, other: string): number {
  return one < other ? -1 : one > other ? 1 : 0;
}
