/** The numbers of a report, each with the address of the list of exactly the tasks that it counts. */
import { PRIORITIES, type Priority, type Report, STATUSES, type Status } from "tms/api";
import { addDays, type ListView, toListQuery, writeView } from "tms/tasks";

export interface Figure {
  count: number;
  /** The path of the list; null where it would be empty, or has no address. */
  href: string | null;
}

export interface NamedFigure<Key> extends Figure {
  key: Key;
}

export interface UserFigures {
  /** The users with the most tasks, by user name. */
  top: NamedFigure<string>[];
  /** All others together. */
  others: Figure & { users: number };
}

export interface Figures {
  total: Figure;
  completed: Figure;
  pending: Figure;
  overdue: Figure;
  dueSoon: Figure;
  unassigned: Figure;
  byStatus: NamedFigure<Status>[];
  byPriority: NamedFigure<Priority>[];
  assigned: NamedFigure<string>[];
  created: NamedFigure<string>[];
}

interface Days {
  from: string;
  to: string;
}

const OPEN: readonly Status[] = ["PENDING", "IN_PROGRESS"];
/** Ids in one address; more make it too long. */
const MAX_IDS = 60;

/** `view` is what the report was asked for; `today` and `reportDay` are today for the user and for the server. */
export function figuresOf(report: Report, view: ListView, today: string, reportDay: string): Figures {
  const link = (count: number, change: Partial<ListView> | null): Figure => ({
    count,
    href: count && change ? hrefOf({ ...view, ...change }) : null,
  });
  const within = (days: Days, statuses: readonly Status[]) => dueChange(view, today, days, statuses);
  const users = (counts: Record<string, number>, field: "assignee" | "creator") =>
    Object.entries(counts).map(([key, count]) => {
      const id = report.user_ids[key];
      return { key, ...link(count, id === undefined ? null : { [field]: [id] }) };
    });
  return {
    total: link(report.total, {}),
    completed: link(report.completed, { status: ["COMPLETED"] }),
    pending: link(report.pending, { status: ["PENDING"] }),
    overdue: link(report.overdue, within({ from: "", to: addDays(reportDay, -1) }, OPEN)),
    dueSoon: link(report.tasks_due_soon, within({ from: reportDay, to: addDays(reportDay, 1) }, ["PENDING"])),
    unassigned: link(report.unassigned, { assignee: ["none"] }),
    byStatus: STATUSES.map((key) => ({ key, ...link(report.tasks_by_status[key] ?? 0, { status: [key] }) })),
    byPriority: PRIORITIES.toReversed().map((key) => ({
      key,
      ...link(report.tasks_by_priority[key] ?? 0, { priority: [key] }),
    })),
    assigned: users(report.tasks_assigned, "assignee"),
    created: users(report.tasks_created, "creator"),
  };
}

/** The first `count` users, and the others as one figure. */
export function topOf(
  users: readonly NamedFigure<string>[],
  count: number,
  report: Report,
  view: ListView,
  field: "assignee" | "creator",
): UserFigures {
  // One other user is shown by name.
  const shown = users.length === count + 1 ? users.length : count;
  const others = users.slice(shown);
  const ids = others.map(({ key }) => report.user_ids[key]).filter((id) => id !== undefined);
  const isComplete = others.length > 0 && ids.length === others.length && ids.length <= MAX_IDS;
  return {
    top: users.slice(0, shown),
    others: {
      users: others.length,
      count: others.reduce((sum, one) => sum + one.count, 0),
      href: isComplete ? hrefOf({ ...view, [field]: ids }) : null,
    },
  };
}

/** The filters for open tasks in a range of days, in addition to those of the view; null if they exclude each other. */
function dueChange(view: ListView, today: string, days: Days, statuses: readonly Status[]): Partial<ListView> | null {
  const { filters } = toListQuery(view, today);
  const status = statuses.filter((one) => !filters.status || filters.status.includes(one));
  const [day] = filters.due_date ?? [];
  if (day === "none" || !status.length) return null;
  const lower = [days.from, day, filters.due_date_gte].filter((one) => one !== undefined && one !== "") as string[];
  const beforeThat = filters.due_date_lt && addDays(filters.due_date_lt, -1);
  const upper = [days.to, day, filters.due_date_lte, beforeThat].filter((one) => one) as string[];
  const from = lower.sort().at(-1) ?? "";
  const to = upper.sort()[0] ?? "";
  return from > to ? null : { status, due: `${from}..${to}` as NonNullable<ListView["due"]> };
}

function hrefOf(view: ListView): string {
  return `/tasks${writeView({ ...view, ordering: [] })}`;
}
