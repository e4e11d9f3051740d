import type { RefObject } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { t } from "tms/i18n";
import { countText, nameOfColumn } from "./column.tsx";
import type { Column } from "./groups.ts";

export interface ColumnSwitcherProps {
  columns: readonly Column[];
  counts: ReadonlyMap<string, number> | null;
  /** The column in sight. */
  current: string | null;
  /** The board, which is scrolled. */
  scroller: RefObject<HTMLElement | null>;
}

/** The columns by name, where only one of them fits. */
export function ColumnSwitcher({ columns, counts, current, scroller }: ColumnSwitcherProps) {
  const bar = useRef<HTMLElement>(null);
  useEffect(() => {
    const button = bar.current?.querySelector<HTMLElement>("[aria-current]");
    if (!button || !bar.current) return;
    bar.current.scrollTo({ left: button.offsetLeft - (bar.current.clientWidth - button.offsetWidth) / 2 });
  }, [current]);
  return (
    <nav class="board-switcher" aria-label={t("board.columns")} ref={bar}>
      {columns.map((column) => (
        <button
          type="button"
          key={column.key}
          class="board-switcher__button"
          {...(column.key === current && { "aria-current": "true" as const })}
          onClick={() => {
            const found = scroller.current?.querySelector<HTMLElement>(`[data-column="${column.key}"]`);
            found?.scrollIntoView({ inline: "start", block: "nearest" });
          }}
        >
          <span class="truncate">{nameOfColumn(column)}</span>
          <span class="board-switcher__count number">
            {countText(counts ? (counts.get(column.key) ?? 0) : null, 0)}
          </span>
        </button>
      ))}
    </nav>
  );
}
