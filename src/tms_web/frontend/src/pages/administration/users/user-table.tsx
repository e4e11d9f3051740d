// biome-ignore-all lint/a11y/useSemanticElements: a table of positioned rows; a table element cannot be virtual
// biome-ignore-all lint/a11y/useFocusableInteractive: a table of positioned rows; a table element cannot be virtual
/** The rows of users: rendered as far as in sight, read where one stops scrolling, moved through by arrow keys. */
import type { Ref } from "preact";
import { useEffect, useImperativeHandle, useLayoutEffect, useRef } from "preact/hooks";
import type { ListedUser } from "tms/api";
import { t } from "tms/i18n";
import { useVirtualRows } from "tms/tasks";
import type { UserAction } from "./user-menu.tsx";
import type { UserPages } from "./user-pages.ts";
import { UserRow } from "./user-row.tsx";

// Milliseconds: pages that are scrolled past are not read.
const PAUSE = 60;
const REFRESH = 30_000;
const STEPS: Record<string, number> = { ArrowDown: 1, ArrowUp: -1 };

export interface TableHandle {
  /** Reads what is in sight again. */
  refresh: () => Promise<void>;
  /** Moves the focus by so many rows. */
  move: (step: number) => void;
}

export interface UserTableProps {
  pages: UserPages;
  count: number;
  onAct: (action: UserAction, user: ListedUser) => void;
  handle: Ref<TableHandle>;
}

export function UserTable({ pages, count, onAct, handle }: UserTableProps) {
  const found = pages.byIndex.value;
  const focused = useRef(-1);
  const isWanted = useRef(false);
  const { scroller, virtualizer } = useVirtualRows(count, (index) => index, focused.current);
  const first = virtualizer.range?.startIndex ?? 0;
  const last = virtualizer.range?.endIndex ?? 0;
  const refresh = () => pages.refresh(first, last);

  const settle = () => {
    const row = scroller.current?.querySelector(`[data-index="${focused.current}"] .user-row__open`);
    if (!isWanted.current || !(row instanceof HTMLElement)) return;
    row.focus({ preventScroll: true });
    isWanted.current = false;
  };
  useLayoutEffect(settle);
  const move = (step: number) => {
    focused.current = Math.max(0, Math.min(count - 1, focused.current + step));
    isWanted.current = true;
    virtualizer.scrollToIndex(focused.current, { align: "auto" });
    settle();
  };
  useImperativeHandle(handle, () => ({ refresh, move }));

  useEffect(() => {
    const timer = setTimeout(() => void pages.ensure(first, last), PAUSE);
    return () => clearTimeout(timer);
  }, [pages, first, last]);
  useEffect(() => {
    const timer = setInterval(() => !document.hidden && void refresh(), REFRESH);
    const follow = () => !document.hidden && void refresh();
    document.addEventListener("visibilitychange", follow);
    return () => {
      clearInterval(timer);
      document.removeEventListener("visibilitychange", follow);
    };
  }, [pages, first, last]);

  return (
    <div
      class="user-table"
      role="table"
      aria-label={t("administration.users")}
      aria-rowcount={count + 1}
      ref={scroller}
      onKeyDown={(event) => {
        const step = STEPS[event.key];
        if (!step || !(event.target as Element).matches(".user-row__open")) return;
        event.preventDefault();
        move(step);
      }}
      onFocusIn={({ target }) => {
        const row = (target as Element).closest<HTMLElement>("[data-index]");
        if (row) focused.current = Number(row.dataset.index);
      }}
    >
      <div class="user-table__head" role="rowgroup">
        <div class="user-row user-row--head" role="row">
          <span role="columnheader">{t("administration.users.name")}</span>
          <span role="columnheader">{t("administration.users.email")}</span>
          <span role="columnheader">{t("administration.users.state")}</span>
          <span role="columnheader">{t("administration.users.lastUsed")}</span>
          <span role="columnheader">
            <span class="visually-hidden">{t("administration.users.menu")}</span>
          </span>
        </div>
      </div>
      <div class="user-table__rows" role="rowgroup" style={{ height: `${virtualizer.getTotalSize()}px` }}>
        {virtualizer.getVirtualItems().map(({ index, start }) => (
          <UserRow key={index} index={index} start={start} user={found.get(index)} onAct={onAct} />
        ))}
      </div>
    </div>
  );
}
