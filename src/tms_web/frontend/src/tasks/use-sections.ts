/** The lists that a page shows below each other, one a group. */
import { useEffect, useReducer, useRef } from "preact/hooks";
import { closeList, keyOf, openList, type TaskList } from "tms/store";
import type { Group } from "./groups.ts";

export interface Section {
  key: string;
  /** Missing until the section comes into sight. */
  list: TaskList | null;
  group: Group;
}

export interface Sections {
  sections: readonly Section[];
  /** Whether they are those of the query before, while the present ones load. */
  isStale: boolean;
  /** Opens the list of a section that comes into sight. */
  open: (section: Section) => void;
}

/** With `isLazy`, lists are opened when they come into sight: there may be one for each user. */
export function useSections(groups: readonly Group[], isLazy: boolean): Sections {
  const lists = useRef(new Map<string, TaskList>());
  const shown = useRef<{ signature: string; sections: readonly Section[] } | null>(null);
  const [, redraw] = useReducer((count: number) => count + 1, 0);
  const keys = groups.map(({ query }) => keyOf(query));
  const signature = keys.join("\n");
  const open = (key: string, group: Group) => {
    const list = lists.current.get(key) ?? openList(group.query);
    lists.current.set(key, list);
    return list;
  };
  const sections = groups.map((group, index): Section => {
    const key = keys[index] as string;
    const list = isLazy && index > 0 ? (lists.current.get(key) ?? null) : open(key, group);
    return { key: group.key, list, group };
  });
  useEffect(() => {
    const wanted = new Set(keys);
    for (const [key, list] of lists.current) {
      if (wanted.has(key)) continue;
      closeList(list);
      lists.current.delete(key);
    }
  }, [signature]);
  useEffect(
    () => () => {
      for (const list of lists.current.values()) closeList(list);
      lists.current.clear();
    },
    [],
  );
  const before = shown.current;
  const isLoading = sections.some(({ list }) => list?.state.value === "loading");
  const isStale = isLoading && before !== null && before.signature !== signature;
  if (!isStale) shown.current = { signature, sections };
  return {
    sections: shown.current?.sections ?? sections,
    isStale,
    open: ({ group }) => {
      const key = keyOf(group.query);
      if (!keys.includes(key) || lists.current.has(key)) return;
      open(key, group);
      redraw(undefined);
    },
  };
}
