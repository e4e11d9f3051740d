/** The query of a saved view: the parameters of its page, without where the user is just now, as the calendar's day. */
import type { SavedView } from "tms/api";

type Page = SavedView["page"];

const FILTERS = ["status", "priority", "assignee", "creator"];
const PARAMETERS: Record<Page, readonly string[]> = {
  "/tasks": [...FILTERS, "due", "q", "ordering", "group"],
  "/board": [...FILTERS, "due", "q", "ordering", "group"],
  "/calendar": ["view", ...FILTERS, "q"],
  "/my-tasks": ["q"],
};

/** The part of the address that is saved; equal for equal views. */
export function savedQuery(page: Page, query: URLSearchParams): string {
  const kept = PARAMETERS[page].flatMap((name) => {
    const value = query.get(name);
    return value ? [[name, value]] : [];
  });
  return new URLSearchParams(kept).toString().replaceAll("%2C", ",");
}

export function isSameQuery(page: Page, one: string, other: string): boolean {
  const [first, second] = [one, other].map((text) => savedQuery(page, new URLSearchParams(text)));
  return first === second;
}
