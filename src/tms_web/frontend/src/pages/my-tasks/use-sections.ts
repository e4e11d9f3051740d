import { signal } from "@preact/signals";
import { language } from "tms/i18n";
import { type ListQuery, type TaskList, tasks } from "tms/store";
import { currentDay, firstDayOfWeek, localeOf, useCount, useOptionalList } from "tms/tasks";
import {
  completedQuery,
  hasDay,
  openQuery,
  type Section,
  type SectionName,
  sectionQuery,
  sectionsOf,
} from "./sections.ts";

export type GroupName = SectionName | "completed";

/** A section with its tasks. */
export interface Group {
  name: GroupName;
  /** The tasks that are loaded. */
  ids: readonly number[];
  /** What loads more of them; null where nothing is loaded from here. */
  list: TaskList | null;
  count: number | null;
  newDay: string | null | undefined;
  isOpen: boolean;
}

export interface Groups {
  groups: Group[];
  /** Where the open tasks come from. */
  lists: TaskList[];
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

/** The sections of today, and that of the completed tasks. `q` are words searched for. */
export function useSections(q: string): Groups {
  const sections = sectionsOf(currentDay.value, firstDayOfWeek(localeOf(language.value)));
  // They are always the same six, so their hooks are too.
  const groups = sections.map((section) => useGroup(section.name, q ? null : sectionQuery(section), section.newDay));
  // One search for all sections: the server lets a user make one at a time.
  const { shown: found } = useOptionalList(q ? openQuery({ q }) : null);
  const completed = useGroup("completed", closed.value.has("completed") ? null : completedQuery(q), undefined);
  const present = groups.flatMap((group, index) => {
    const section = sections[index] as Section;
    if (section.range === null) return [];
    if (!found) return [group];
    const matching = withFound(group, section, found);
    return matching.count === 0 ? [] : [matching];
  });
  const lists = found ? [found] : present.flatMap(({ list }) => list ?? []);
  return { groups: [...present, completed], lists };
}

function useGroup(name: GroupName, query: ListQuery | null, newDay: string | null | undefined): Group {
  const { shown: list } = useOptionalList(query);
  const count = useCount(list);
  return { name, ids: list?.ids.value ?? [], list, count, newDay, isOpen: !closed.value.has(name) };
}

/** The tasks of a search that belong to a section; more of them are loaded at the end of the last one. */
function withFound(group: Group, section: Section, found: TaskList): Group {
  const ids = found.ids.value.filter((id) => hasDay(section, tasks.task(id).value?.due_date ?? null));
  const isComplete = found.state.value === "ready" && !found.hasMore.value;
  return { ...group, ids, count: isComplete ? ids.length : null, list: section.name === "none" ? found : null };
}

function saved(): string[] | null {
  try {
    const found: unknown = JSON.parse(localStorage.getItem(KEY) ?? "null");
    return Array.isArray(found) ? found.map(String) : null;
  } catch {
    return null;
  }
}
