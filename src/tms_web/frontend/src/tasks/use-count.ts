import { useEffect, useState } from "preact/hooks";
import { api, session, type TaskPage } from "tms/api";
import { matches, onReset, type TaskList, tasks, toParams } from "tms/store";

/** Milliseconds between two requests while tasks change. */
const PERIOD = 1000;

/** How many tasks a list has: as loaded where it is complete, else as the server counts; null until that is known. */
export function useCount(list: TaskList | null): number | null {
  const [counted, setCounted] = useState<number | null>(null);
  const isPartial = list?.state.value === "ready" && list.hasMore.value;
  useEffect(() => {
    setCounted(null);
    if (!list || !isPartial) return;
    let isCurrent = true;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const count = async () => {
      timer = undefined;
      const params = { ...toParams({ ...list.query, ordering: [] }), page_size: 1 };
      const page = await api.get<TaskPage>("/api/task", params).catch(() => null);
      if (!isCurrent) return;
      if (page) setCounted(page.count);
      else countSoon();
    };
    const countSoon = () => {
      timer ??= setTimeout(count, PERIOD);
    };
    void count();
    const me = session.user.peek()?.id ?? 0;
    const isIn = (task: Parameters<typeof matches>[0] | undefined) =>
      task !== undefined && matches(task, list.query.filters, me) !== false;
    // A task that was not loaded before may have been among those counted.
    const stop = tasks.entities.listen((_id, before, after) => {
      if (!before || isIn(before) !== isIn(after)) countSoon();
    });
    const stopReset = onReset(countSoon);
    return () => {
      isCurrent = false;
      clearTimeout(timer);
      stop();
      stopReset();
    };
  }, [list, isPartial]);
  if (list?.state.value !== "ready") return null;
  return isPartial ? counted : list.ids.value.length;
}
