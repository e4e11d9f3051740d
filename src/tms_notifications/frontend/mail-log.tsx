/** All mails, with what the mail server said; sent again one by one, as selected, or all. Or the log of one user. */
import { useState } from "preact/hooks";
import { api, errorText, type Mail, type MailPage, type RetriedMails, session } from "tms/api";
import { t } from "tms/i18n";
import { location, navigate, type Pages, usePages } from "tms/module";
import { users } from "tms/store";
import { userOptions } from "tms/tasks";
import { Button, Checkbox, Combobox, confirm, EmptyState, ErrorState, SkeletonRows, toast } from "tms/ui";
import { userName } from "./event-text.tsx";
import { LedgerView } from "./ledger-view.tsx";
import { MailItem } from "./mail-item.tsx";
import { type ShownStatus, STATUSES } from "./mails.ts";

// Milliseconds.
const EVERY = 15_000;

export default function MailLog() {
  const userId = Number(location.value.query.get("user")) || null;
  return (
    <div class="mails">
      <UserPicker userId={userId} />
      {userId === null ? <AllMails /> : <UserLog key={userId} userId={userId} />}
    </div>
  );
}

function UserPicker({ userId }: { userId: number | null }) {
  const options = userOptions();
  // One that is not loaded yet.
  const isKnown = userId === null || options.some(({ value }) => value === userId);
  return (
    <div class="field mails__user">
      <span class="field__label">{t("notifications.log.user")}</span>
      <Combobox
        label={t("notifications.log.user")}
        options={[
          { value: null, label: t("notifications.log.userAll") },
          ...options,
          ...(isKnown ? [] : [{ value: userId, label: userName(userId) ?? `#${userId}` }]),
        ]}
        selected={[userId]}
        onPick={(id) => navigate(id === null ? "/administration/mails" : `/administration/mails?user=${id}`)}
        onSearch={(text) => void users.search(text).catch(() => {})}
      />
    </div>
  );
}

/** What became of the notifications of one user. */
function UserLog({ userId }: { userId: number }) {
  return (
    <>
      <p class="muted">{t("notifications.log.ofUser", { name: userName(userId) ?? `#${userId}` })}</p>
      <div class="card mails__list">
        <LedgerView
          path={`/api/users/${userId}/notifications/log`}
          taskId={null}
          isOwn={userId === session.user.value?.id}
          hrefOf={(id) => `/tasks/${id}`}
          mayRetry
        />
      </div>
    </>
  );
}

function AllMails() {
  const [status, setStatus] = useState<ShownStatus>("failed");
  const [selected, setSelected] = useState<ReadonlySet<number>>(new Set());
  const mails = usePages<MailPage>("/api/admin/mails", { status }, { every: EVERY });
  const counts = mails.resource.data?.counts;
  const mayRetry = status === "failed" || status === "waiting";
  const show = (next: ShownStatus) => {
    setStatus(next);
    setSelected(new Set());
  };
  const toggle = (id: number, isSelected: boolean) => {
    const next = new Set(selected);
    if (isSelected) next.add(id);
    else next.delete(id);
    setSelected(next);
  };
  const retry = async (send: () => Promise<number>) => {
    try {
      const count = await send();
      toast(t("notifications.log.retried", { count }), { tone: "success" });
      setSelected(new Set());
    } catch (error) {
      toast(errorText(error), { tone: "error" });
    }
    await mails.reload();
  };
  const retryMany = (body: { ids: number[] } | { all: true }) =>
    retry(async () => (await api.post<RetriedMails>("/api/admin/mails/retry", body)).retried);
  const retryAll = async () => {
    const count = counts?.failed ?? 0;
    const question = { title: t("notifications.log.retryAll"), text: t("notifications.log.retryAllText", { count }) };
    if (await confirm({ ...question, action: t("notifications.log.retry") })) await retryMany({ all: true });
  };
  const chosen = mails.items.filter(({ id }) => selected.has(id)).map(({ id }) => id);
  return (
    <>
      <div class="mails__tools">
        <fieldset class="row mails__filters">
          <legend class="visually-hidden">{t("notifications.log.status")}</legend>
          {STATUSES.map((one) => (
            <button key={one} type="button" class="chip" aria-pressed={one === status} onClick={() => show(one)}>
              {t(`notifications.log.status.${one}`)}
              {counts && one in counts && <strong class="number">{counts[one as keyof typeof counts]}</strong>}
            </button>
          ))}
        </fieldset>
        {mayRetry && mails.items.length > 0 && (
          <div class="row mails__actions">
            <Checkbox
              label={t("notifications.log.selectAll")}
              checked={chosen.length === mails.items.length}
              isIndeterminate={chosen.length > 0 && chosen.length < mails.items.length}
              onToggle={(isAll) => setSelected(new Set(isAll ? mails.items.map(({ id }) => id) : []))}
            />
            <Button
              size="small"
              icon="refresh"
              disabled={!chosen.length}
              onClick={() => void retryMany({ ids: chosen })}
            >
              {t("notifications.log.retrySelected", { count: chosen.length })}
            </Button>
            {status === "failed" && (
              <Button size="small" onClick={() => void retryAll()}>
                {t("notifications.log.retryAll")}
              </Button>
            )}
          </div>
        )}
      </div>
      <Found
        mails={mails}
        status={status}
        selected={selected}
        {...(mayRetry && {
          onToggle: toggle,
          onRetry: (id: number) =>
            void retry(async () => {
              await api.post(`/api/admin/mails/${id}/retry`);
              return 1;
            }),
        })}
      />
    </>
  );
}

interface FoundProps {
  mails: Pages<Mail, MailPage>;
  status: ShownStatus;
  selected: ReadonlySet<number>;
  onToggle?: (id: number, isSelected: boolean) => void;
  onRetry?: (id: number) => void;
}

function Found({
  mails: { resource, items, hasMore, isLoadingMore, loadMore },
  status,
  selected,
  ...acts
}: FoundProps) {
  if (!resource.data)
    return resource.error === null ? (
      <SkeletonRows />
    ) : (
      <ErrorState error={resource.error} onRetry={() => void resource.reload()} />
    );
  if (!items.length)
    return (
      <EmptyState
        icon="mail"
        title={t(`notifications.log.none.${status}`)}
        text={t(`notifications.log.noneText.${status}`)}
      />
    );
  return (
    <>
      {resource.error !== null && <p role="status">{errorText(resource.error)}</p>}
      <ul class="card mails__list" aria-label={t("notifications.log.title")}>
        {items.map((mail) => (
          <MailItem key={mail.id} mail={mail} isSelected={selected.has(mail.id)} {...acts} />
        ))}
      </ul>
      {hasMore && (
        <Button isBusy={isLoadingMore} onClick={() => void loadMore()}>
          {t("notifications.log.more")}
        </Button>
      )}
    </>
  );
}
