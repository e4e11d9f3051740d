/** The latest notifications, in the menu of the bell. */
import { useEffect, useMemo, useRef } from "preact/hooks";
import { errorText, type InboxNotification } from "tms/api";
import { t } from "tms/i18n";
import { Link, navigate } from "tms/module";
import { Button, ErrorState, RelativeTime, SkeletonRows, toast } from "tms/ui";
import { EventText } from "./event-text.tsx";
import { Mark } from "./inbox-row.tsx";
import { inbox } from "./live.ts";

const COUNT = 6;

export default function Latest({ onClose }: { onClose: () => void }) {
  const list = useMemo(() => inbox.open("all", COUNT), []);
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    heading.current?.focus({ preventScroll: true });
    return () => inbox.close(list);
  }, []);
  const rows = list.shown.value.slice(0, COUNT);
  const attempt = (change: Promise<void>) =>
    void change.catch((error: unknown) => toast(errorText(error), { tone: "error" }));
  return (
    <>
      <div class="bell__head">
        <h2 tabIndex={-1} ref={heading}>
          {t("notifications.inbox")}
        </h2>
        <Button
          size="small"
          variant="quiet"
          icon="check"
          disabled={!inbox.unread.value}
          onClick={() => attempt(inbox.readAll())}
        >
          {t("notifications.readAll")}
        </Button>
      </div>
      {list.rows.value === null ? (
        list.error.value === null ? (
          <SkeletonRows count={4} />
        ) : (
          <ErrorState error={list.error.value} onRetry={() => void inbox.refresh()} />
        )
      ) : rows.length === 0 ? (
        <p class="bell__none muted">{t("notifications.empty.all")}</p>
      ) : (
        <ul class="bell__list">
          {rows.map((row) => (
            <Item
              key={row.id}
              row={row}
              onOpen={() => {
                attempt(inbox.read([row]));
                onClose();
              }}
            />
          ))}
        </ul>
      )}
      <div class="bell__foot">
        <Button
          size="small"
          isWide
          onClick={() => {
            onClose();
            navigate("/notifications");
          }}
        >
          {t("notifications.all")}
        </Button>
      </div>
    </>
  );
}

function Item({ row, onOpen }: { row: InboxNotification; onOpen: () => void }) {
  const path = row.kind === "deleted" ? "/notifications" : `/notifications/${row.task.id}`;
  return (
    <li class="notification notification--small" data-unread={!row.is_read}>
      <Mark row={row} />
      <div class="notification__text">
        <p class="notification__title">
          <Link href={path} class="notification__cover" onClick={onOpen}>
            <bdi>{row.task.title}</bdi>
          </Link>
          {!row.is_read && <span class="visually-hidden"> {t("notifications.isUnread")}</span>}
        </p>
        <EventText notification={row} isShort />
        <p class="notification__more muted">
          <RelativeTime at={row.created_at} />
        </p>
      </div>
    </li>
  );
}
