import { useEffect, useState } from "preact/hooks";
import { api, session, type TaskCounts } from "tms/api";
import { type Filters, keyOf, nameOf, onReset, tasks, toParams, users } from "tms/store";

const PERIOD = 1000;

/** Who has tasks among those of the filters: oneself, nobody, and the others by name; null while unknown. */
export function useAssignees(filters: Filters, isWanted: boolean): readonly (number | null)[] | null {
  const [found, setFound] = useState<readonly (number | null)[] | null>(null);
  useEffect(() => {
    if (!isWanted) return;
    let isCurrent = true;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const load = async () => {
      timer = undefined;
      const params = { ...toParams({ filters, ordering: [] }), by: "assigned_to" };
      const answer = await api.get<TaskCounts>("/api/task/counts", params).catch(() => null);
      // Without an answer nobody is known; the next change asks again.
      const ids = answer?.counts.map(({ value }) => (value === null ? null : Number(value))) ?? [];
      if (isCurrent) setFound((before) => (answer ? ids : (before ?? ids)));
    };
    const loadSoon = () => {
      timer ??= setTimeout(load, PERIOD);
    };
    void load();
    const stop = tasks.entities.listen((_id, before, after) => {
      if (before?.assigned_to !== after?.assigned_to) loadSoon();
    });
    const stopReset = onReset(loadSoon);
    return () => {
      isCurrent = false;
      clearTimeout(timer);
      stop();
      stopReset();
    };
  }, [isWanted, keyOf({ filters, ordering: [] })]);
  if (!found) return null;
  const me = session.user.value?.id;
  const place = (id: number | null) => (id === me ? 0 : id === null ? 1 : 2);
  const nameOfId = (id: number | null) => {
    const user = id === null ? undefined : users.get(id);
    return user ? nameOf(user) : "";
  };
  return found.toSorted((one, other) => place(one) - place(other) || nameOfId(one).localeCompare(nameOfId(other)) || 0);
}
