/** How many tasks the list has; said to screen readers after other filters. */
import { useEffect, useRef } from "preact/hooks";
import { t } from "tms/i18n";
import { announce } from "tms/module";
import type { TaskList } from "tms/store";
import { useCount } from "tms/tasks";

export interface ListCountProps {
  /** null until the list of the filters is there. */
  list: TaskList | null;
  /** Equal for equal filters. */
  filters: string;
}

export function ListCount({ list, filters }: ListCountProps) {
  const count = useCount(list);
  const announced = useRef(filters);
  useEffect(() => {
    if (count === null || announced.current === filters) return;
    announced.current = filters;
    announce(t("tasks.count", { count }));
  }, [count, filters]);
  return <span class="list-count">{count !== null && t("tasks.count", { count })}</span>;
}
