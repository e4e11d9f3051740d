/** From the lists that the API names beside its numbers to the pages that show them. */
import { addDays, EMPTY_VIEW, isDay, type ListView, readView, writeView } from "tms/tasks";

const NAMES: Readonly<Record<string, keyof ListView>> = {
  status: "status",
  priority: "priority",
  assigned_to: "assignee",
  created_by: "creator",
  q: "q",
};

/** The path of the page for an address as "/api/task?status=PENDING" or "/api/task/42"; null where there is none. The
 * lists of this package have pages of their own, which take the parameters of the API. */
export function pageOf(url: string | null): string | null {
  if (url === null) return null;
  const [path = "", search = ""] = url.split("?");
  const task = /^\/api\/task\/([1-9]\d*)$/.exec(path);
  if (task) return `/tasks/${task[1]}`;
  const own = /^\/api\/task-report-insight\/(trend|cycle-time)\/tasks$/.exec(path);
  if (own) return `/reports/tasks/${own[1]}?${search}`;
  if (path !== "/api/task") return null;
  const query = new URLSearchParams();
  const due: Days = { from: "", to: "" };
  const created: Days = { from: "", to: "" };
  for (const [name, value] of new URLSearchParams(search)) {
    const known = NAMES[name];
    if (known) query.set(known, value);
    else if (name === "due_date" && value === "none") query.set("due", "none");
    else if (name === "due_date" && isDay(value)) [due.from, due.to] = [value, value];
    else if (!narrow(due, "due_date", name, value) && !narrow(created, "created_at", name, value)) return null;
  }
  // The page has one filter for the due date.
  if ((due.from || due.to) && query.has("due")) return null;
  for (const [name, { from, to }] of Object.entries({ due, created })) {
    if (from || to) query.set(name, `${from}..${to}`);
  }
  return `/tasks${writeView({ ...EMPTY_VIEW, ...readView(query) })}`;
}

interface Days {
  from: string;
  to: string;
}

/** Narrow the days by a bound of a field, and return whether it is one: the page shows whole days only. */
function narrow(days: Days, field: string, name: string, value: string): boolean {
  if (!isDay(value)) return false;
  if (name === `${field}_gte`) days.from = later(days.from, value);
  else if (name === `${field}_gt`) days.from = later(days.from, addDays(value, 1));
  else if (name === `${field}_lte`) days.to = earlier(days.to, value);
  else if (name === `${field}_lt`) days.to = earlier(days.to, addDays(value, -1));
  else return false;
  return true;
}

function later(one: string, other: string): string {
  return one > other ? one : other;
}

function earlier(one: string, other: string): string {
  return one && one < other ? one : other;
}
