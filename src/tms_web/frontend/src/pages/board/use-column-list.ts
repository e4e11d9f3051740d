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
    let isCurrent = true;
    let own: TaskList | null = null;
    inTurn(query.filters, async () => {
      if (!isCurrent) return;
      own = openList(query, PAGE_SIZE);
      await firstPage(own);
      if (isCurrent) setList(own);
    });
    return () => {
      isCurrent = false;
      if (own) closeList(own);
    };
  }, [key, isWanted]);
  return { list, isStale: list !== null && keyOf(list.query) !== key };
}

/** Resolves when the first page is there or has failed, or the list was closed. */
function firstPage(list: TaskList): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, 10_000);
    const stop = effect(() => {
      if (list.state.value === "loading") return;
      clearTimeout(timer);
      resolve();
      queueMicrotask(() => stop());
    });
  });
}
