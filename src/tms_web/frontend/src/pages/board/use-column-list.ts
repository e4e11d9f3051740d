import { effect } from "@preact/signals";
import { useEffect, useState } from "preact/hooks";
import { closeList, keyOf, type ListQuery, openList, type TaskList } from "tms/store";
import { inTurn } from "./search-turns.ts";

const PAGE_SIZE = 50;

/**
 * The live list of a column, once the column has been in sight. Until the first page of another query is there, the list
 * before it stays.
 */
export function useColumnList(query: ListQuery, isWanted: boolean): { list: TaskList | null; isStale: boolean } {
  const key = keyOf(query);
  const [list, setList] = useState<TaskList | null>(null);
  useEffect(() => {
    if (!isWanted) return;
    const closed = new AbortController();
    void inTurn(query.filters, async () => {
      if (closed.signal.aborted) return;
      const own = openList(query, PAGE_SIZE);
      closed.signal.addEventListener("abort", () => closeList(own));
      await firstPage(own, closed.signal);
      if (!closed.signal.aborted) setList(own);
    });
    return () => closed.abort();
  }, [key, isWanted]);
  return { list, isStale: list !== null && keyOf(list.query) !== key };
}

/** Resolves when the first page is there or has failed, or the list is closed. */
function firstPage(list: TaskList, closed: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const stop = effect(() => {
      if (list.state.value !== "loading") resolve();
    });
    closed.addEventListener("abort", () => {
      stop();
      resolve();
    });
  });
}
