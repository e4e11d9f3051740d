/** A list of tasks, loaded as far as wanted. */
import { errorText } from "tms/api";
import { t } from "tms/i18n";
import type { TaskList } from "tms/store";
import type { Drag } from "tms/tasks";
import { Button, SkeletonRows } from "tms/ui";
import { Entry } from "./entry.tsx";

export interface EntriesProps {
  list: TaskList;
  label: string;
  /** What is said where there are none. */
  empty: string;
  hrefOf: (id: number) => string;
  drag?: Drag | null;
  onOpen?: () => void;
}

export function Entries({ list, label, empty, hrefOf, drag, onOpen }: EntriesProps) {
  const ids = list.ids.value;
  const hasFailed = list.state.value === "error";
  if (list.state.value === "loading" && !ids.length) return <SkeletonRows count={3} />;
  return (
    <>
      {ids.length > 0 && (
        <ul class="calendar-entries" aria-label={label}>
          {ids.map((id) => (
            <li key={id}>
              <Entry id={id} href={hrefOf(id)} {...(drag !== undefined && { drag })} {...(onOpen && { onOpen })} />
            </li>
          ))}
        </ul>
      )}
      {!ids.length && !hasFailed && !list.hasMore.value && <p class="muted calendar-entries__none">{empty}</p>}
      {hasFailed && <p role="alert">{errorText(list.error.value)}</p>}
      {(hasFailed || list.hasMore.value) && (
        <Button
          size="small"
          isBusy={list.isLoadingMore.value}
          onClick={() => void (ids.length ? list.loadMore() : list.reload())}
        >
          {hasFailed ? t("ui.retry") : t("calendar.loadMore")}
        </Button>
      )}
    </>
  );
}
