import { signal } from "@preact/signals";
import { language } from "tms/i18n";
import type { ListQuery, TaskList } from "tms/store";
import { currentDay, firstDayOfWeek, localeOf, useCount, useOptionalList } from "tms/tasks";
import { completedQuery, type SectionName, sectionsOf } from "./sections.ts";

export type GroupName = SectionName | "completed";

/** A section with its tasks. */
export interface Group {
  name: GroupName;
  /** Null while the section of completed tasks has not been opened. */
  list: TaskList | null;
  count: number | null;
  newDay: string | null | undefined;
  isOpen: boolean;
}

const KEY = "tms.my-tasks.closed";
const closed = signal<ReadonlySet<string>>(new Set(saved() ?? ["completed"]));

export function toggleGroup(name: GroupName): void {
  const next = new Set(closed.peek());
  if (!next.delete(name)) next.add(name);
  closed.value = next;
  try {
    localStorage.setItem(KEY, JSON.stringify([...next]));
  } catch {
    // The user has forbidden storage: it holds until the page is left.
  }
}

/** The sections of today, and that of the completed tasks. */
export function useSections(q: string): Group[] {
  const sections = sectionsOf(currentDay.value, firstDayOfWeek(localeOf(language.value)), q);
  // They are always the same six, so their hooks are too.
  const open = sections.map(({ name, query, newDay }) => useGroup(name, query, newDay));
  const shown = open.filter((_, index) => sections[index]?.query);
  const isOpen = !closed.value.has("completed");
  return [...shown, useGroup("completed", isOpen ? completedQuery(q) : null, undefined)];
}

function useGroup(name: GroupName, query: ListQuery | null, newDay: string | null | undefined): Group {
  const { shown: list } = useOptionalList(query);
  return { name, list, count: useCount(list), newDay, isOpen: !closed.value.has(name) };
}

function saved(): string[] | null {
  try {
    const found: unknown = JSON.parse(localStorage.getItem(KEY) ?? "null");
    return Array.isArray(found) ? found.map(String) : null;
  } catch {
    return null;
  }
}
