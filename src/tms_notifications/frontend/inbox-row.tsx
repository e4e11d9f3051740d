import type { InboxNotification } from "tms/api";
import { t } from "tms/i18n";
import { Link, navigate } from "tms/module";
import { users } from "tms/store";
import { Avatar, Icon, IconButton, Menu, RelativeTime } from "tms/ui";
import { EventText } from "./event-text.tsx";
import { isMuted, setMuted } from "./mutes.ts";
import { outcomeText } from "./outcomes.ts";

export interface InboxRowActions {
  hrefOf: (taskId: number) => string;
  open: (row: InboxNotification) => void;
  focus: (id: number) => void;
  toggleRead: (row: InboxNotification) => void;
  toggleArchived: (row: InboxNotification) => void;
}

export interface InboxRowProps extends InboxRowActions {
  row: InboxNotification;
  isOpen: boolean;
}

/** The row has the focus as a whole, so that the keys of the list work wherever the user is. */
export function InboxRow({ row, isOpen, hrefOf, open, focus, toggleRead, toggleArchived }: InboxRowProps) {
  const { id, task, kind, is_read, is_archived } = row;
  return (
    <li
      class="notification"
      data-id={id}
      data-unread={!is_read}
      data-open={isOpen}
      tabIndex={-1}
      onFocusIn={() => focus(id)}
    >
      <Mark row={row} />
      <div class="notification__text">
        <p class="notification__title">
          {kind === "deleted" ? (
            <bdi>{task.title}</bdi>
          ) : (
            <Link
              href={hrefOf(task.id)}
              onClick={(event) => {
                // A new tab shows the task too, and says nothing about this list.
                if (event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
                event.preventDefault();
                open(row);
              }}
            >
              <bdi>{task.title}</bdi>
            </Link>
          )}
          {!is_read && <span class="visually-hidden"> {t("notifications.isUnread")}</span>}
        </p>
        <EventText notification={row} />
        <p class="notification__more muted">
          <RelativeTime at={row.created_at} />
          <span aria-hidden="true"> · </span>
          <span>{outcomeText(row)}</span>
        </p>
      </div>
      <div class="notification__actions">
        {!is_read && (
          <IconButton
            icon="check"
            size="small"
            class="notification__read"
            label={t("notifications.read")}
            keys="r"
            onClick={() => toggleRead(row)}
          />
        )}
        <IconButton
          icon={is_archived ? "inbox" : "archive"}
          size="small"
          label={t(is_archived ? "notifications.unarchive" : "notifications.archive")}
          keys="e"
          onClick={() => toggleArchived(row)}
        />
        <RowMenu row={row} toggleRead={toggleRead} />
      </div>
    </li>
  );
}

/** Who made the change, or the clock of a due date. */
export function Mark({ row }: { row: Pick<InboxNotification, "actor" | "kind"> }) {
  const user = row.actor && users.get(row.actor.id);
  return (
    <span class="notification__mark">
      {user ? (
        <Avatar user={user} />
      ) : (
        <Icon name={row.kind.startsWith("due") ? "clock" : row.actor ? "user" : "bell"} />
      )}
    </span>
  );
}

function RowMenu({ row, toggleRead }: Pick<InboxRowProps, "row" | "toggleRead">) {
  const { task, kind, is_read, is_archived } = row;
  const isOn = isMuted(task.id) ?? false;
  return (
    <Menu
      label={t("notifications.more")}
      placement="bottom-end"
      items={[
        // Phones have no room for the button. Archived notifications are read.
        ...(is_archived
          ? []
          : [
              {
                id: "read",
                icon: is_read ? ("mail" as const) : ("check" as const),
                label: t(is_read ? "notifications.unread" : "notifications.read"),
                keys: "r",
                run: () => toggleRead(row),
              },
            ]),
        ...(kind === "deleted"
          ? []
          : [
              {
                id: "mute",
                icon: isOn ? ("bell" as const) : ("bellOff" as const),
                label: t(isOn ? "notifications.unmute" : "notifications.mute"),
                keys: "m",
                run: () => void setMuted(task.id, !isOn),
              },
            ]),
        {
          id: "why",
          icon: "mail" as const,
          label: t("notifications.why"),
          run: () => navigate(`/notifications?show=mails&task=${task.id}`),
        },
      ]}
      trigger={(props) => <IconButton {...props} icon="more" size="small" label={t("notifications.more")} />}
    />
  );
}
