/** The tasks that the user has muted, with a button to end that; a part of the mail preferences. */
import { useState } from "preact/hooks";
import { api, errorText, type MutedTasks } from "tms/api";
import { t } from "tms/i18n";
import { Link, useResource } from "tms/module";
import { Button, ErrorState, SkeletonRows, toast } from "tms/ui";
import { cursorOf } from "./inbox-list.ts";
import { LoadMore } from "./load-more.tsx";
import { isMuted, setMuted } from "./mutes.ts";

const PATH = "/api/users/me/muted-tasks";

export function MutedTaskList() {
  const first = useResource(PATH, (signal) => api.get<MutedTasks>(PATH, {}, { signal }));
  const [older, setOlder] = useState<MutedTasks | null>(null);
  const [isLoading, setLoading] = useState(false);
  const last = older ?? first.data;
  const cursor = last && cursorOf(last);
  const rows = [...(first.data?.results ?? []), ...(older?.results ?? [])].filter(({ id }) => isMuted(id) !== false);
  const loadMore = async () => {
    if (!cursor || isLoading) return;
    setLoading(true);
    try {
      const page = await api.get<MutedTasks>(PATH, { cursor });
      setOlder({ results: [...(older?.results ?? []), ...page.results], next: page.next });
    } catch (error) {
      toast(errorText(error), { tone: "error" });
    } finally {
      setLoading(false);
    }
  };
  return (
    <div class="muted-tasks">
      <h3 class="field__label">{t("notifications.mutedTasks")}</h3>
      {!first.data ? (
        first.error === null ? (
          <SkeletonRows count={2} />
        ) : (
          <ErrorState error={first.error} onRetry={() => void first.reload()} />
        )
      ) : !rows.length && !cursor ? (
        <p class="mail-preferences__hint">{t("notifications.mutedTasks.none")}</p>
      ) : (
        <>
          <p class="mail-preferences__hint">{t("notifications.mutedTasks.text")}</p>
          <ul class="muted-tasks__list" aria-label={t("notifications.mutedTasks")}>
            {rows.map(({ id, title }) => (
              <li key={id} class="muted-tasks__task">
                <Link href={`/tasks/${id}`}>
                  <bdi>{title}</bdi>
                </Link>
                <Button
                  size="small"
                  icon="bell"
                  aria-label={t("notifications.mutedTasks.unmuteTask", { title })}
                  onClick={() => void setMuted(id, false)}
                >
                  {t("notifications.mutedTasks.unmute")}
                </Button>
              </li>
            ))}
          </ul>
          <LoadMore hasMore={Boolean(cursor)} isLoading={isLoading} onLoad={loadMore} />
        </>
      )}
    </div>
  );
}
