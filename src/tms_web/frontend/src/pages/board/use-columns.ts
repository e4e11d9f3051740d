/** The columns of the board, with their counts. */
import { useEffect, useMemo, useRef } from "preact/hooks";
import { session } from "tms/api";
import { type ListQuery, toParams, users } from "tms/store";
import { ColumnCounts } from "./counts.ts";
import { type Column, columnsOf, fieldOf, type Group, orderPeople } from "./groups.ts";

export interface Columns {
  columns: readonly Column[];
  /** By key; null until they are known. */
  counts: ReadonlyMap<string, number> | null;
}

export function useColumns(group: Group, { filters }: ListQuery): Columns {
  const me = session.user.value?.id ?? 0;
  const key = JSON.stringify(toParams({ filters, ordering: [] }));
  const source = useMemo(() => new ColumnCounts(fieldOf(group), filters, me), [group, key, me]);
  useEffect(() => () => source.dispose(), [source]);
  const counts = source.counts.value;
  const people = usePeople(group === "assignee" ? counts : null, source, me);
  const columns = useMemo(() => columnsOf(group, filters, people, me), [group, key, people, me]);
  return { columns, counts };
}

/** The order stays while the page is open: columns do not jump when somebody gets a first task. */
function usePeople(
  counts: ReadonlyMap<string, number> | null,
  source: ColumnCounts,
  me: number,
): readonly (number | null)[] {
  const first = useRef<{ source: ColumnCounts; withTasks: ReadonlySet<number> } | null>(null);
  if (counts && first.current?.source !== source) {
    const ids = [...counts.keys()].map(Number).filter((id) => id > 0);
    first.current = { source, withTasks: new Set(ids) };
  }
  const all = users.all.value;
  const known = first.current?.withTasks;
  return useMemo(() => (known ? orderPeople(all, known, me) : []), [known, all, me]);
}
