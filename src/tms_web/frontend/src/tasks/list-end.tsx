/** What is behind the last loaded row of a list: more to come, or a request that failed. */
import { errorText } from "tms/api";
import { t } from "tms/i18n";
import type { TaskList } from "tms/store";
import { Button, Skeleton } from "tms/ui";

export function ListEnd({ list }: { list: TaskList | null }) {
  if (list?.state.value === "error") return <LoadError list={list} />;
  return (
    <>
      <span class="visually-hidden">{t("ui.loading")}</span>
      <Skeleton width="medium" />
    </>
  );
}

/** Why the last request failed, and a button that repeats it. */
export function LoadError({ list }: { list: TaskList }) {
  return (
    <>
      <span role="alert">{errorText(list.error.value)}</span>
      <Button size="small" icon="refresh" isBusy={list.isLoadingMore.value} onClick={() => retry(list)}>
        {t("ui.retry")}
      </Button>
    </>
  );
}

/** Repeats what failed: the first page and those that are loaded, or the next one. */
export function retry(list: TaskList): void {
  if (list.ids.peek().length && list.hasMore.peek()) void list.loadMore();
  else void list.reload();
}
