// biome-ignore-all lint/a11y/useSemanticElements: positioned cards of a virtual list
/** A column: its head, quick add, and its cards, rendered as far as in sight and loaded as far as scrolled. */
import { useEffect, useLayoutEffect, useMemo, useRef, useState } from "preact/hooks";
import { formatNumber, t } from "tms/i18n";
import { type ListQuery, nameOf, type TaskList, users } from "tms/store";
import {
  type Drag,
  LoadError,
  QuickAdd,
  type QuickTask,
  type TaskActions,
  useRowFocus,
  useVirtualRows,
} from "tms/tasks";
import { Avatar, IconButton, type Motion, PriorityMark, Skeleton, StatusMark, useMotionOf } from "tms/ui";
import type { BoardFocus, ColumnHandle } from "./board-focus.ts";
import { Card } from "./card.tsx";
import { type Column, columnQuery, patchOf } from "./groups.ts";
import { useColumnList } from "./use-column-list.ts";

/** How many cards before the end the next page is asked for. */
const AHEAD = 20;
/** Pixels between cards. */
const GAP = 8;
const NONE: readonly number[] = [];

export interface ColumnProps {
  column: Column;
  query: ListQuery;
  /** As counted by the server; null if unknown. */
  counted: number | null;
  isInSight: boolean;
  openId: number | null;
  drag: Drag | null;
  actions: TaskActions;
  focus: BoardFocus;
  motion: Motion;
}

export function BoardColumn(props: ColumnProps) {
  const { column, query, counted, isInSight, drag, actions, focus } = props;
  const [isAdding, setAdding] = useState(false);
  const addButton = useRef<HTMLButtonElement>(null);
  const { list, isStale } = useColumnList(columnQuery(query, column), isInSight);
  const ids = list?.ids.value ?? NONE;
  const isComplete = list?.state.value === "ready" && !list.hasMore.value && !isStale;
  const count = isComplete ? ids.length : counted;
  const name = nameOfColumn(column);
  const headingId = `column-${column.key}`;
  return (
    <section
      class="board-column"
      aria-labelledby={headingId}
      data-column={column.key}
      data-drop={column.key}
      data-over={drag !== null && drag.target === column.key && drag.origin !== column.key}
    >
      <header class="board-column__head">
        <ColumnMark column={column} />
        <h2 class="truncate" id={headingId} title={name}>
          {name}
        </h2>
        <span class="board-column__count number">{countText(count, ids.length)}</span>
        <IconButton
          icon="plus"
          size="small"
          label={t("board.add", { column: name })}
          buttonRef={addButton}
          onClick={() => setAdding(true)}
        />
      </header>
      {isAdding && (
        <ColumnQuickAdd
          defaults={patchOf(column) as Partial<QuickTask>}
          isListed={(id) => focus.columnOf(id) !== undefined}
          onOpen={actions.open}
          onClose={() => {
            setAdding(false);
            if (document.activeElement === document.body) addButton.current?.focus();
          }}
        />
      )}
      <Cards {...props} {...{ list, ids, isStale, count, name }} onAdd={() => setAdding(true)} />
    </section>
  );
}

interface CardsProps extends ColumnProps {
  list: TaskList | null;
  ids: readonly number[];
  isStale: boolean;
  count: number | null;
  name: string;
  onAdd: () => void;
}

function Cards({ list, ids, isStale, count, name, onAdd, ...props }: CardsProps) {
  const { column, openId, drag, actions, focus, motion } = props;
  const { selection } = focus;
  useMotionOf(motion, ids);
  const selected = selection.ids.value;
  const focused = selection.focused.value;
  const place = focused === null ? -1 : ids.indexOf(focused);
  // Touch events end with the element that was touched, so that one stays.
  const kept = drag && !drag.isByKeyboard ? ids.indexOf(drag.id) : place;
  const { scroller, virtualizer } = useVirtualRows(ids.length, (index) => ids[index] as number, kept, { gap: GAP });
  const rows = useRowFocus(ids, selection, scroller, (index) => virtualizer.scrollToIndex(index, { align: "auto" }));

  const latest = useRef({ ids, rows, onAdd });
  latest.current = { ids, rows, onAdd };
  const handle = useMemo<ColumnHandle>(
    () => ({
      ids: () => latest.current.ids,
      focus: (id) => latest.current.rows.focus(id),
      move: (step) => latest.current.rows.move(step),
      card: (id) => scroller.current?.querySelector<HTMLElement>(`[data-id="${id}"]`) ?? null,
      element: () => scroller.current?.closest<HTMLElement>("[data-column]") ?? null,
      add: () => latest.current.onAdd(),
    }),
    [],
  );
  useLayoutEffect(() => {
    focus.columns.set(column.key, handle);
    return () => {
      focus.columns.delete(column.key);
    };
  }, [column.key]);
  useLayoutEffect(() => focus.settle(handle), [ids]);
  useEffect(() => focus.retain(), [ids]);

  const end = virtualizer.range?.endIndex ?? 0;
  const mayLoad = list !== null && !isStale && list.state.value === "ready" && list.hasMore.value;
  const isLoading = list?.isLoadingMore.value ?? true;
  useEffect(() => {
    if (mayLoad && !isLoading && end >= ids.length - AHEAD) void list.loadMore();
  }, [mayLoad, isLoading, end, ids.length]);

  const isEmpty = list !== null && list.state.value === "ready" && !ids.length && !list.hasMore.value;
  return (
    <div class="board-column__cards" data-scroller ref={scroller} aria-busy={isStale}>
      <div
        class="board-column__rows"
        {...(ids.length && { role: "list", "aria-label": name })}
        style={{ height: `${virtualizer.getTotalSize()}px` }}
      >
        {virtualizer.getVirtualItems().map(({ index, start }) => {
          const id = ids[index];
          if (id === undefined) return null;
          return (
            <Card
              key={id}
              {...{ id, index, start, drag, actions }}
              count={count ?? -1}
              group={column.field}
              isFocused={place < 0 ? index === 0 : index === place}
              isSelected={selected.has(id)}
              isOpen={id === openId}
            />
          );
        })}
      </div>
      {isEmpty && <p class="board-column__empty">{t("board.empty")}</p>}
      <CardsEnd list={list} hasCards={ids.length > 0} isStale={isStale} />
    </div>
  );
}

/** What is behind the last loaded card: more to come, or a request that failed. */
function CardsEnd({ list, hasCards, isStale }: { list: TaskList | null; hasCards: boolean; isStale: boolean }) {
  if (isStale) return null;
  if (list?.state.value === "error") {
    return (
      <div class="board-column__error">
        <LoadError list={list} />
      </div>
    );
  }
  if (list && !list.hasMore.value) return null;
  return (
    <div role="status" aria-label={t("ui.loading")}>
      {Array.from({ length: hasCards ? 1 : 3 }, (_, card) => (
        <div class="board-card board-card--skeleton" key={card}>
          <Skeleton width="long" />
          <Skeleton width="short" />
        </div>
      ))}
    </div>
  );
}

interface ColumnQuickAddProps {
  defaults: Partial<QuickTask>;
  isListed: (id: number) => boolean;
  onOpen: (id: number) => void;
  onClose: () => void;
}

/** Stays for the next task until it is left empty. */
function ColumnQuickAdd({ onClose, ...props }: ColumnQuickAddProps) {
  const input = useRef<HTMLInputElement>(null);
  useLayoutEffect(() => input.current?.focus(), []);
  return (
    <div
      class="board-column__add"
      onFocusOut={({ currentTarget, relatedTarget }) => {
        if (!currentTarget.contains(relatedTarget as Node | null) && !input.current?.value) onClose();
      }}
    >
      <QuickAdd input={input} placeholder={t("board.addPlaceholder")} {...props} />
    </div>
  );
}

function ColumnMark({ column: { field, value } }: { column: Column }) {
  switch (field) {
    case "status":
      return <StatusMark status={value as Parameters<typeof StatusMark>[0]["status"]} />;
    case "priority":
      return <PriorityMark priority={value as Parameters<typeof PriorityMark>[0]["priority"]} />;
    case "assigned_to":
      return <Avatar user={value === null ? null : users.get(value as number)} />;
  }
}

/** The name of a column; of somebody unknown, the number. */
export function nameOfColumn({ field, value }: Column): string {
  if (field !== "assigned_to") return t(`${field}.${value}`);
  if (value === null) return t("task.unassigned");
  const user = users.get(value as number);
  return user ? nameOf(user) : `#${value}`;
}

/** The exact number, or that of the loaded ones with a plus. */
export function countText(count: number | null, loaded: number): string {
  if (count !== null) return formatNumber(count);
  return loaded ? `${formatNumber(loaded)}+` : "";
}
