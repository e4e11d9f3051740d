import { useEffect, useState } from "preact/hooks";
import { api, type TaskPage } from "tms/api";
import { type TaskList, toParams } from "tms/store";
import { followCounts } from "./follow-counts.ts";

/** Milliseconds between two requests while tasks change. */
const PERIOD = 1000;

/** How many tasks a list has: as loaded where it is complete, else as the server counts; null until that is known. */
export function useCount(list: TaskList | null): number | null {
  const [counted, setCounted] = useState<number | null>(null);
  const isPartial = list?.state.value === "ready" && list.hasMore.value;
  useEffect(() => {
    setCounted(null);
    if (!list || !isPartial) return;
    const params = { ...toParams({ ...list.query, ordering: [] }), page_size: 1 };
    return followCounts(async (signal) => {
      setCounted((await api.get<TaskPage>("/api/task", params, { signal })).count);
    }, PERIOD);
  }, [list, isPartial]);
  if (list?.state.value !== "ready") return null;
  return isPartial ? counted : list.ids.value.length;
}
