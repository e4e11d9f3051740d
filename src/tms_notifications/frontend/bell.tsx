/** The bell in the header: how many notifications are unread, and the latest of them. */
import styles from "styles:page.css";
import { useCallback, useRef, useState } from "preact/hooks";
import { t } from "tms/i18n";
import { LazyView, withStyles } from "tms/module";
import { IconButton, useFloating, useOutside } from "tms/ui";
import { inbox } from "./live.ts";

const LATEST = { id: "latest", order: 0, load: () => withStyles(styles, import("./latest.tsx")) };
const MAX_SHOWN = 99;
/** Pixels; more than menus have, since the entries have several lines. */
const MAX_HEIGHT = 560;

export function Bell() {
  const [isOpen, setOpen] = useState(false);
  const button = useRef<HTMLButtonElement>(null);
  const popover = useRef<HTMLDivElement>(null);
  useFloating(button, popover, { isOpen, placement: "bottom-end", maxHeight: MAX_HEIGHT });
  const close = useCallback(() => setOpen(false), []);
  useOutside(isOpen, [button, popover], close);
  const unread = inbox.unread.value ?? 0;
  const label = unread ? t("notifications.bell", { count: unread }) : t("notifications.inbox");
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key !== "Escape" || event.defaultPrevented || !isOpen) return;
    event.preventDefault();
    event.stopPropagation();
    close();
    button.current?.focus();
  };
  return (
    <span class="bell">
      <IconButton
        icon="bell"
        label={label}
        aria-haspopup="dialog"
        aria-expanded={isOpen}
        buttonRef={button}
        onKeyDown={onKeyDown}
        onClick={() => setOpen(!isOpen)}
      />
      {unread > 0 && (
        <span class="bell__count number" aria-hidden="true">
          {unread > MAX_SHOWN ? `${MAX_SHOWN}+` : unread}
        </span>
      )}
      {isOpen && (
        <div
          class="popover bell__popover"
          popover="manual"
          role="dialog"
          aria-label={t("notifications.inbox")}
          ref={popover}
          onKeyDown={onKeyDown}
        >
          <LazyView part={LATEST} props={{ onClose: close }} />
        </div>
      )}
    </span>
  );
}
