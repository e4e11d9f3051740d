import { useEffect, useMemo, useRef } from "preact/hooks";
import { closeList, keyOf, type ListQuery, openList, type TaskList } from "tms/store";

/** The live list of a query. Until its first page is there, the one before stays in sight as `shown`. */
export function useList(query: ListQuery): { list: TaskList; shown: TaskList } {
  const list = useMemo(() => openList(query), [keyOf(query)]);
  const shown = useRef(list);
  useEffect(() => () => closeList(list), [list]);
  if (list.state.value !== "loading") shown.current = list;
  // All loaded tasks may have left the list before its end was loaded.
  const isBare = list.state.value === "ready" && !list.ids.value.length && list.hasMore.value;
  useEffect(() => {
    if (isBare) void list.loadMore();
  }, [list, isBare, list.isLoadingMore.value]);
  return { list, shown: shown.current };
}
