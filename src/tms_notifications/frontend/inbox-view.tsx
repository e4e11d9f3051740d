/** The list of the inbox, by day: keys, changes at once, and older notifications as the user scrolls. */
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { errorText, type InboxNotification } from "tms/api";
import { t } from "tms/i18n";
import { announce, useShortcuts } from "tms/module";
import { currentDay, type RowFocus, Selection, useRowFocus } from "tms/tasks";
import { Button, EmptyState, ErrorState, SkeletonRows, toast } from "tms/ui";
import { byDay, dayText } from "./days.ts";
import type { Filter, InboxList } from "./inbox-list.ts";
import { InboxRow } from "./inbox-row.tsx";
import { inbox } from "./live.ts";
import { LoadMore } from "./load-more.tsx";
import { isMuted, setMuted } from "./mutes.ts";

export interface InboxViewProps {
  filter: Filter;
  /** The task whose panel is open. */
  openId: number | null;
  hrefOf: (taskId: number) => string;
  onOpen: (taskId: number) => void;
  /** Gets what gives the focus back when the panel closes. */
  handle: { current: RowFocus | null };
}

export function InboxView({ filter, openId, hrefOf, onOpen, handle }: InboxViewProps) {
  const list = useInboxList(filter);
  const rows = list.shown.value;
  const ids = useMemo(() => rows.map(({ id }) => id), [rows]);
  const [selection] = useState(() => new Selection());
  const scroller = useRef<HTMLDivElement>(null);
  const focus = useRowFocus(ids, selection, scroller, (index) => {
    scroller.current?.querySelector(`[data-id="${ids[index]}"]`)?.scrollIntoView({ block: "nearest" });
  });
  handle.current = focus;
  // Read here, so that the place of the focused row is known when the row leaves.
  void selection.focused.value;
  const current = () => rows.find(({ id }) => id === selection.focused.peek());
  const read = (row: InboxNotification) => void attempt(inbox.read([row]));
  const actions = {
    hrefOf,
    open: (row: InboxNotification) => {
      selection.focused.value = row.id;
      read(row);
      if (row.kind !== "deleted") onOpen(row.task.id);
    },
    focus: (id: number) => {
      selection.focused.value = id;
    },
    toggleRead: (row: InboxNotification) => void attempt(row.is_read ? inbox.markUnread([row]) : inbox.read([row])),
    toggleArchived: (row: InboxNotification) => void (row.is_archived ? unarchive(row) : archive(row)),
  };
  const act = (run: (row: InboxNotification) => void) => () => {
    const row = current();
    if (row) run(row);
  };
  useShortcuts([
    { keys: "j", label: t("notifications.key.next"), run: () => focus.move(1) },
    { keys: "k", label: t("notifications.key.previous"), run: () => focus.move(-1) },
    { keys: "enter", label: t("notifications.key.open"), run: act(actions.open) },
    { keys: "e", label: t("notifications.key.archive"), run: act(actions.toggleArchived) },
    { keys: "r", label: t("notifications.key.read"), run: act(actions.toggleRead) },
    { keys: "shift+r", label: t("notifications.readAll"), run: readAll },
    { keys: "m", label: t("notifications.key.mute"), run: act(({ task }) => toggleMute(task.id)) },
  ]);
  return (
    <div class="notifications__body" ref={scroller}>
      {list.rows.value === null ? (
        list.error.value === null ? (
          <SkeletonRows />
        ) : (
          <ErrorState error={list.error.value} onRetry={() => void inbox.refresh()} />
        )
      ) : rows.length === 0 && !list.hasMore.value ? (
        <EmptyState
          icon={filter === "archived" ? "archive" : "bell"}
          title={t(`notifications.empty.${filter}`)}
          text={t(`notifications.emptyText.${filter}`)}
        />
      ) : (
        <>
          {list.error.value !== null && (
            <p class="notifications__stale" role="status">
              {t("notifications.notCurrent", { reason: errorText(list.error.value) })}
            </p>
          )}
          {byDay(rows).map(({ day, rows: ofDay }) => (
            <section key={day} class="notifications__day">
              <h2>{dayText(day, currentDay.value)}</h2>
              <ul aria-label={dayText(day, currentDay.value)}>
                {ofDay.map((row) => (
                  <InboxRow key={row.id} row={row} isOpen={row.task.id === openId} {...actions} />
                ))}
              </ul>
            </section>
          ))}
          <LoadMore hasMore={list.hasMore.value} isLoading={list.isLoadingMore.value} onLoad={() => list.loadMore()} />
        </>
      )}
    </div>
  );
}

export function ReadAllButton() {
  return (
    <Button
      size="small"
      icon="check"
      class="notifications__read-all"
      title={t("notifications.readAll")}
      disabled={!inbox.unread.value}
      onClick={readAll}
    >
      <span>{t("notifications.readAll")}</span>
    </Button>
  );
}

function readAll(): void {
  if (!inbox.unread.peek()) return;
  announce(t("notifications.allRead"));
  void attempt(inbox.readAll());
}

function toggleMute(taskId: number): void {
  void setMuted(taskId, !(isMuted(taskId) ?? false));
}

async function archive(row: InboxNotification): Promise<void> {
  if (!(await attempt(inbox.archive([row])))) return;
  toast(t("notifications.archived"), {
    action: { label: t("notifications.undo"), run: () => void attempt(inbox.unarchive([row])) },
  });
}

async function unarchive(row: InboxNotification): Promise<void> {
  if (!(await attempt(inbox.unarchive([row])))) return;
  toast(t("notifications.unarchived"), {
    action: {
      label: t("notifications.undo"),
      run: () => void attempt(inbox.archive([{ ...row, is_archived: false }])),
    },
  });
}

/** Returns whether the change was made; a failure is told. */
async function attempt(change: Promise<void>): Promise<boolean> {
  try {
    await change;
    return true;
  } catch (error) {
    toast(t("notifications.failed", { reason: errorText(error) }), { tone: "error" });
    return false;
  }
}

function useInboxList(filter: Filter): InboxList {
  const list = useMemo(() => inbox.open(filter), [filter]);
  useEffect(() => () => inbox.close(list), [list]);
  return list;
}
