/** The columns of a board, and what belongs into each. */
import { PRIORITIES, type PublicUser, STATUSES, type TaskChange } from "tms/api";
import { type Filters, type ListQuery, nameOf, type Ordering } from "tms/store";

export const GROUPS = ["status", "priority", "assignee"] as const;
export type Group = (typeof GROUPS)[number];
export type GroupField = "status" | "priority" | "assigned_to";
/** A status, a priority, the id of a user, or null for tasks without assignee. */
export type ColumnValue = string | number | null;

export interface Column {
  /** Unique on the board; also the value of `data-drop`. */
  key: string;
  field: GroupField;
  value: ColumnValue;
}

const FIELDS: Record<Group, GroupField> = { status: "status", priority: "priority", assignee: "assigned_to" };
const URGENT_FIRST: Ordering[] = ["-priority", "due_date"];
/** The order of the list, which is no default here. */
const NEWEST: Ordering[] = ["-id"];

/** From `?group=…`; by status if there is none. */
export function readGroup(query: URLSearchParams): Group {
  return GROUPS.find((one) => one === query.get("group")) ?? "status";
}

export function fieldOf(group: Group): GroupField {
  return FIELDS[group];
}

export function keyOfValue(value: ColumnValue): string {
  return value === null ? "none" : String(value);
}

/** The columns that the filters leave; `people` are the columns of a board by assignee, in order. */
export function columnsOf(group: Group, filters: Filters, people: readonly (number | null)[], me: number): Column[] {
  const field = fieldOf(group);
  const all: readonly ColumnValue[] =
    group === "status" ? STATUSES : group === "priority" ? PRIORITIES.toReversed() : people;
  const wanted = wantedOf(filters, field, me);
  return all
    .filter((value) => !wanted || wanted.includes(value))
    .map((value) => ({ key: keyOfValue(value), field, value }));
}

/** Everybody: the unassigned tasks first, then oneself and those with tasks, then all others, each by name. */
export function orderPeople(
  users: readonly PublicUser[],
  withTasks: ReadonlySet<number>,
  me: number,
): (number | null)[] {
  const known = new Set(users.map(({ id }) => id));
  const rank = (id: number) => (id === me ? 0 : withTasks.has(id) ? 1 : 2);
  const sorted = users.toSorted((one, other) => nameOf(one).localeCompare(nameOf(other))).map(({ id }) => id);
  // Somebody who has left may still have finished tasks.
  const former = [...withTasks].filter((id) => !known.has(id));
  return [null, ...[...sorted, ...former].toSorted((one, other) => rank(one) - rank(other))];
}

/** What comes first within a column: open tasks before finished ones, the urgent ones first. */
export function defaultOrdering(field: GroupField): Ordering[] {
  return field === "status" ? URGENT_FIRST : ["status", ...URGENT_FIRST];
}

/** The query of one column. */
export function columnQuery({ filters, ordering }: ListQuery, { field, value }: Column): ListQuery {
  const own = { [field]: [field === "assigned_to" ? (value ?? "none") : value] } as Filters;
  return { filters: { ...filters, ...own }, ordering: ordering.length ? ordering : defaultOrdering(field) };
}

/** What puts a task into a column. */
export function patchOf({ field, value }: Column): TaskChange {
  return { [field]: value } as TaskChange;
}

/** The ordering as the menu shows it, in which none means "newest first"; that of the board is "most urgent first". */
export function shownOrdering(ordering: readonly Ordering[]): Ordering[] {
  if (ordering.join() === NEWEST.join()) return [];
  return ordering.length ? [...ordering] : URGENT_FIRST;
}

/** The ordering for the address, chosen from the menu. */
export function chosenOrdering(ordering: readonly Ordering[]): Ordering[] {
  if (!ordering.length) return NEWEST;
  return ordering.join() === URGENT_FIRST.join() ? [] : [...ordering];
}

function wantedOf(filters: Filters, field: GroupField, me: number): ColumnValue[] | null {
  const wanted = filters[field];
  if (!wanted?.length) return null;
  return wanted.map((one) => (one === "me" ? me : one === "none" ? null : one));
}
