/** The log of a user's notifications: each event that concerned the user, and what became of its mail. */
import { api, errorText, type LedgerPage } from "tms/api";
import { t } from "tms/i18n";
import { usePages } from "tms/module";
import { Chip, EmptyState, ErrorState, SkeletonRows, toast } from "tms/ui";
import { LedgerRow } from "./ledger-row.tsx";
import { LoadMore } from "./load-more.tsx";

// Milliseconds.
const EVERY = 15_000;
const PAGE_SIZE = 30;

export interface LedgerViewProps {
  /** The path of the log. */
  path: string;
  /** Only events of this task. */
  taskId: number | null;
  isOwn: boolean;
  hrefOf?: (taskId: number) => string;
  /** Shows all tasks again. */
  onAllTasks?: () => void;
  /** Whether the user is an administrator, who may send failed mails again. */
  mayRetry?: boolean;
}

export function LedgerView({ path, taskId, isOwn, hrefOf, onAllTasks, mayRetry }: LedgerViewProps) {
  const query = { ...(taskId !== null && { task_id: taskId }), page_size: PAGE_SIZE };
  const {
    resource,
    items: rows,
    hasMore,
    isLoadingMore,
    loadMore,
    reload,
  } = usePages<LedgerPage>(path, query, { every: EVERY });
  const retry = async (mailId: number) => {
    try {
      await api.post(`/api/admin/mails/${mailId}/retry`);
      toast(t("notifications.log.retried", { count: 1 }), { tone: "success" });
    } catch (error) {
      toast(errorText(error), { tone: "error" });
    }
    await reload();
  };
  const title = rows[0]?.task.title ?? `#${taskId}`;
  return (
    <>
      {taskId !== null && onAllTasks && (
        <p class="ledger__task">
          <Chip onRemove={onAllTasks} removeLabel={t("notifications.allTasks")}>
            <bdi>{title}</bdi>
          </Chip>
        </p>
      )}
      {!resource.data ? (
        resource.error === null ? (
          <SkeletonRows count={4} />
        ) : (
          <ErrorState error={resource.error} onRetry={() => void resource.reload()} />
        )
      ) : !rows.length ? (
        hrefOf ? (
          <EmptyState icon="mail" title={t("notifications.noEvents")} text={t("notifications.noEventsText")} />
        ) : (
          <p class="muted">{t("notifications.noEventsOfTask")}</p>
        )
      ) : (
        <>
          <ul class="ledger-list" aria-label={t("notifications.show.mails")}>
            {rows.map((row) => (
              <LedgerRow
                key={row.id}
                row={row}
                isOwn={isOwn}
                {...(hrefOf && { hrefOf })}
                {...(mayRetry && { onRetry: (mailId: number) => void retry(mailId) })}
              />
            ))}
          </ul>
          <LoadMore hasMore={hasMore} isLoading={isLoadingMore} onLoad={loadMore} />
        </>
      )}
    </>
  );
}
