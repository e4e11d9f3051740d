/** The page of the notifications: the inbox, and what became of each mail; a task opens beside the list. */
import { useRef } from "preact/hooks";
import { t } from "tms/i18n";
import { Link, navigate, type PageProps, useTitle } from "tms/module";
import { type RowFocus, TasksFrame } from "tms/tasks";
import { Icon } from "tms/ui";
import { FILTERS } from "./inbox-list.ts";
import { InboxView, ReadAllButton } from "./inbox-view.tsx";
import { LedgerView } from "./ledger-view.tsx";
import { inbox } from "./live.ts";

const VIEWS = [...FILTERS, "mails"] as const;
type View = (typeof VIEWS)[number];

export default function NotificationsPage({ params, query }: PageProps) {
  useTitle(t("notifications.inbox"));
  const openId = Number(params.id) || null;
  const view = VIEWS.find((one) => one === query.get("show")) ?? "all";
  const taskId = Number(query.get("task")) || null;
  const focus = useRef<RowFocus>(null);
  const search = query.size ? `?${query}` : "";
  const hrefOf = (id: number) => `/notifications/${id}${search}`;
  return (
    <TasksFrame
      name="notifications"
      heading={t("notifications.inbox")}
      tools={
        <div class="notifications__tools">
          {view !== "mails" && <ReadAllButton />}
          <Link
            class="button button--quiet button--icon"
            href="/profile/notifications"
            title={t("notifications.title")}
          >
            <Icon name="settings" />
            <span class="visually-hidden">{t("notifications.title")}</span>
          </Link>
        </div>
      }
      openId={openId}
      onClosePanel={() => {
        navigate(`/notifications${search}`);
        focus.current?.refocus();
      }}
    >
      <Views view={view} />
      {view === "mails" ? (
        <div class="notifications__body">
          <p class="notifications__intro muted">{t("notifications.mailsText")}</p>
          <LedgerView
            path="/api/users/me/notifications/log"
            taskId={taskId}
            hrefOf={hrefOf}
            isOwn
            onAllTasks={() => navigate("/notifications?show=mails")}
          />
        </div>
      ) : (
        <InboxView
          key={view}
          filter={view}
          {...{ openId, hrefOf }}
          onOpen={(id) => navigate(hrefOf(id))}
          handle={focus}
        />
      )}
    </TasksFrame>
  );
}

function Views({ view }: { view: View }) {
  const unread = inbox.unread.value;
  return (
    <fieldset class="row notifications__views">
      <legend class="visually-hidden">{t("notifications.show")}</legend>
      {VIEWS.map((one) => (
        <button
          key={one}
          type="button"
          class="chip"
          aria-pressed={one === view}
          onClick={() => navigate(one === "all" ? "/notifications" : `/notifications?show=${one}`)}
        >
          {t(`notifications.show.${one}`)}
          {one === "unread" && unread !== null && unread > 0 && <strong class="number">{countText(unread)}</strong>}
        </button>
      ))}
    </fieldset>
  );
}

// The server counts no further.
const MAX_UNREAD = 1000;

function countText(count: number): string {
  return count >= MAX_UNREAD ? `${MAX_UNREAD}+` : String(count);
}
