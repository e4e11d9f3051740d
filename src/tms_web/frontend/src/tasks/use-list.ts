import { useEffect, useMemo, useRef } from "preact/hooks";
import { closeList, keyOf, type ListQuery, openList, type TaskList } from "tms/store";

/** The live list of a query. Until its first page is there, the one before stays in sight as `shown`. */
export function useList(query: ListQuery, pageSize?: number): { list: TaskList; shown: TaskList } {
  const { list, shown } = useOptionalList(query, pageSize);
  return { list: list as TaskList, shown: shown as TaskList };
}

/** The same for a query that may be missing: then there is no list. */
export function useOptionalList(
  query: ListQuery | null,
  pageSize?: number,
): { list: TaskList | null; shown: TaskList | null } {
  const list = useMemo(() => query && openList(query, pageSize), [query && keyOf(query), pageSize]);
  const shown = useRef(list);
  useEffect(() => () => (list ? closeList(list) : undefined), [list]);
  if (list?.state.value !== "loading") shown.current = list;
  // All loaded tasks may have left the list before its end was loaded.
  const isBare = list?.state.value === "ready" && !list.ids.value.length && list.hasMore.value;
  useEffect(() => {
    if (isBare) void list?.loadMore();
  }, [list, isBare, list?.isLoadingMore.value]);
  return { list, shown: shown.current ?? list };
}
