/** From the lists that the API names beside its numbers to the pages that show them. */
import { addDays, EMPTY_VIEW, type ListView, readView, writeView } from "tms/tasks";

const NAMES: Readonly<Record<string, keyof ListView>> = {
  status: "status",
  priority: "priority",
  assigned_to: "assignee",
  created_by: "creator",
  q: "q",
};

/** The path of the page for an address as "/api/task?status=PENDING" or "/api/task/42"; null where there is none. */
export function pageOf(url: string | null): string | null {
  if (url === null) return null;
  const [path = "", search = ""] = url.split("?");
  const task = /^\/api\/task\/([1-9]\d*)$/.exec(path);
  if (task) return `/tasks/${task[1]}`;
  if (path !== "/api/task") return null;
  const query = new URLSearchParams();
  let from = "";
  let to = "";
  for (const [name, value] of new URLSearchParams(search)) {
    const known = NAMES[name];
    if (known) query.set(known, value);
    else if (name === "due_date_gte") from = later(from, value);
    else if (name === "due_date_gt") from = later(from, addDays(value, 1));
    else if (name === "due_date_lte") to = earlier(to, value);
    else if (name === "due_date_lt") to = earlier(to, addDays(value, -1));
    else if (name === "due_date" && value === "none") query.set("due", "none");
    else if (name === "due_date" && !value.includes(",")) [from, to] = [value, value];
    else return null;
  }
  // The page has one filter for the due date.
  if ((from || to) && query.has("due")) return null;
  if (from || to) query.set("due", `${from}..${to}`);
  return `/tasks${writeView({ ...EMPTY_VIEW, ...readView(query) })}`;
}

function later(one: string, other: string): string {
  return one > other ? one : other;
}

function earlier(one: string, other: string): string {
  return one && one < other ? one : other;
}
