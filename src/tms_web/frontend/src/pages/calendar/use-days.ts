/** The tasks of the days in sight: loaded to the end, unless there are very many; then the server counts them by day. */
import { useEffect, useMemo, useState } from "preact/hooks";
import { api, type TaskCounts } from "tms/api";
import { type Filters, type TaskList, tasks, toParams } from "tms/store";
import { followCounts, useList } from "tms/tasks";

const PAGE = 200;
/** How many tasks are loaded before the rest is only counted. */
const MAXIMUM = 1000;
const COUNT_PERIOD = 2000;

/** The tasks of one day, as far as they are known. */
export interface DayTasks {
  ids: readonly number[];
  /** Null until it is known. */
  count: number | null;
  /** Whether `ids` are all. */
  isLoaded: boolean;
}

export interface Days {
  list: TaskList;
  isLoading: boolean;
  of: (day: string) => DayTasks;
}

/** `filters` are those of the page without the due date. */
export function useDays(from: string, to: string, filters: Filters): Days {
  const within = { ...filters, due_date_gte: from, due_date_lte: to };
  const { list, shown } = useList({ filters: within, ordering: ["due_date", "-priority"] }, PAGE);
  const ids = shown.ids.value;
  const isReady = list.state.value === "ready";
  const isLarge = isReady && list.hasMore.value && list.ids.value.length >= MAXIMUM;
  const mayLoad = isReady && list.hasMore.value && !isLarge && !list.isLoadingMore.value;
  useEffect(() => {
    if (mayLoad) void list.loadMore();
  }, [list, mayLoad]);
  const counts = useCounts(isLarge ? within : null);

  const days = new Map<string, number[]>();
  for (const id of ids) {
    const day = tasks.task(id).value?.due_date;
    if (day) days.set(day, [...(days.get(day) ?? []), id]);
  }
  // The last day that was loaded may be incomplete, and those after it are.
  const last = list.hasMore.value ? (tasks.task(ids.at(-1) ?? 0).value?.due_date ?? "") : null;
  return {
    list,
    isLoading: list.state.value === "loading" || mayLoad || (list.isLoadingMore.value && !isLarge),
    of: (day) => {
      const found = days.get(day) ?? [];
      const isLoaded = isReady && (last === null || day < last);
      return { ids: found, isLoaded, count: isLoaded ? found.length : (counts?.get(day) ?? (counts ? 0 : null)) };
    },
  };
}

/** Counts by day, again when tasks change; null until they are known. */
function useCounts(filters: Filters | null): ReadonlyMap<string, number> | null {
  const [counts, setCounts] = useState<ReadonlyMap<string, number> | null>(null);
  const key = filters && JSON.stringify(filters);
  const params = useMemo(() => filters && { ...toParams({ filters, ordering: [] }), by: "due_date" }, [key]);
  useEffect(() => {
    setCounts(null);
    if (!params) return;
    return followCounts(async (signal) => {
      const found = await api.get<TaskCounts>("/api/task/counts", params, { signal });
      setCounts(new Map(found.counts.map(({ value, count }) => [String(value), count])));
    }, COUNT_PERIOD);
  }, [params]);
  return counts;
}
