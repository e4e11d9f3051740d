/** Selects all tasks of the list, also those that are not loaded yet. */
import { useEffect, useRef, useState } from "preact/hooks";
import { t } from "tms/i18n";
import type { TaskList } from "tms/store";
import { type Selection, useCount } from "tms/tasks";
import { Button } from "tms/ui";

export interface SelectAllMatchingProps {
  list: TaskList;
  selection: Selection;
}

/** Offered once all loaded tasks are selected and there are more. */
export function SelectAllMatching({ list, selection }: SelectAllMatchingProps) {
  const count = useCount(list);
  const [isLoading, setLoading] = useState(false);
  const isCancelled = useRef(false);
  const cancel = () => {
    isCancelled.current = true;
  };
  useEffect(() => cancel, [list]);
  const load = async () => {
    setLoading(true);
    isCancelled.current = false;
    while (list.hasMore.peek() && list.state.peek() === "ready" && !isCancelled.current) await list.loadMore();
    setLoading(false);
    if (!isCancelled.current && list.state.peek() === "ready") selection.selectAll(list.ids.peek());
  };
  const loaded = list.ids.value.length;
  if (isLoading) {
    return (
      <>
        <span role="status">{t("tasks.selectMatching.progress", { done: loaded, total: count ?? loaded })}</span>
        <Button size="small" onClick={cancel}>
          {t("ui.cancel")}
        </Button>
      </>
    );
  }
  if (!list.hasMore.value || count === null || selection.count.value < loaded) return null;
  return (
    <Button size="small" onClick={() => void load()}>
      {t("tasks.selectMatching", { count })}
    </Button>
  );
}
