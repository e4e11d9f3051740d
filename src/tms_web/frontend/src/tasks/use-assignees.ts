import { useEffect, useState } from "preact/hooks";
import { api, session, type TaskCounts } from "tms/api";
import { type Filters, keyOf, nameOf, toParams, users } from "tms/store";
import { followCounts } from "./follow-counts.ts";

/** Milliseconds between two requests while tasks change. */
const PERIOD = 1000;

/** Who has tasks among those of the filters: oneself, nobody, and the others by name; null while unknown. */
export function useAssignees(filters: Filters, isWanted: boolean): readonly (number | null)[] | null {
  const [found, setFound] = useState<readonly (number | null)[] | null>(null);
  useEffect(() => {
    if (!isWanted) return;
    const params = { ...toParams({ filters, ordering: [] }), by: "assigned_to" };
    return followCounts(async (signal) => {
      const { counts } = await api.get<TaskCounts>("/api/task/counts", params, { signal });
      setFound(counts.map(({ value }) => (value === null ? null : Number(value))));
    }, PERIOD);
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
