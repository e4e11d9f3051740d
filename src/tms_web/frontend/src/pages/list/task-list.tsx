// biome-ignore-all lint/a11y/useSemanticElements: a grid of positioned rows; a table element cannot be virtual
// biome-ignore-all lint/a11y/useFocusableInteractive: a grid of positioned rows; a table element cannot be virtual
/** The rows of a list: rendered as far as in sight, loaded as far as scrolled, moved through by keyboard. */
import type { Ref } from "preact";
import { useCallback, useEffect, useImperativeHandle, useLayoutEffect, useRef } from "preact/hooks";
import { t } from "tms/i18n";
import type { Ordering, TaskList } from "tms/store";
import {
  type Column,
  columnStyle,
  type Grouping,
  ListEnd,
  type Selection,
  type TaskActions,
  TaskRow,
  useRowFocus,
  useVirtualRows,
} from "tms/tasks";
import { useMotion, useMotionOf } from "tms/ui";
import { GroupHead } from "./group-head.tsx";
import { ListHead } from "./list-head.tsx";
import { type Item, Rows, type ShownSection } from "./rows.ts";
import { useFlash } from "./use-flash.ts";

/** How many rows before the end the next page is asked for. */
const AHEAD = 40;
const STEPS: Record<string, number> = { ArrowDown: 1, ArrowUp: -1 };

export interface ListHandle {
  /** Moves the focus by so many rows. */
  move: (step: number) => void;
  focus: (id: number) => void;
  /** Focuses the focused row again, or the one that has taken its place. */
  refocus: () => void;
  /** Moves the focus and selects what it passes. */
  extend: (step: number) => void;
  selectAll: () => void;
  /** The element of the focused row. */
  row: () => HTMLElement | null;
}

export interface TaskRowsProps {
  sections: readonly ShownSection[];
  grouping: Grouping | null;
  isStale: boolean;
  selection: Selection;
  columns: readonly Column[];
  ordering: readonly Ordering[];
  onOrder: (ordering: Ordering[]) => void;
  onOpenSection: (section: ShownSection) => void;
  onCollapse: (section: ShownSection) => void;
  openId: number | null;
  renamedId: number | null;
  actions: TaskActions;
  onEndRename: (id: number) => void;
  handle: Ref<ListHandle>;
}

export function TaskRows(props: TaskRowsProps) {
  const { sections, grouping, isStale, selection, columns, ordering, onOrder, openId, renamedId, actions, handle } =
    props;
  const rows = new Rows(sections);
  const ids = useStable(rows.ids);
  const motion = useMotion();
  useMotionOf(motion, ids);
  const selected = selection.ids.value;
  const focused = selection.focused.value;
  const place = focused === null ? -1 : rows.indexOf(focused);
  const heads = grouping
    ? { isHead: (index: number) => rows.isHead(index), headOf: (index: number) => rows.headOf(index) }
    : undefined;
  const { scroller, virtualizer } = useVirtualRows(rows.count, (index) => rows.keyOf(index), place, { heads });
  useFlash(scroller);
  const scrollTo = (index: number) => virtualizer.scrollToIndex(index, { align: "auto" });
  const { move, focus, refocus, row } = useRowFocus(ids, selection, scroller, (index) =>
    scrollTo(rows.indexOf(ids[index] as number)),
  );
  const focusHead = useHeadFocus(scroller, scrollTo);
  const extend = (step: number) => {
    if (focused !== null && !selected.has(focused)) actions.toggle(focused, false);
    move(step);
    const next = selection.focused.peek();
    if (next !== null) actions.toggle(next, true);
  };
  const selectAll = () => selection.selectAll(ids);
  useImperativeHandle(handle, () => ({ move, focus, refocus, extend, selectAll, row }));
  useEffect(() => selection.retain(ids), [ids]);
  const sticky = useLoading(rows, virtualizer.range, isStale, props.onOpenSection);

  const onKeyDown = (event: KeyboardEvent) => {
    const target = event.target as Element;
    if (target.matches("[type=text]") || event.ctrlKey || event.metaKey || event.altKey) return;
    const head = target.closest<HTMLElement>("[data-group]")?.dataset.group;
    const here = head === undefined ? place : rows.headIndexOf(head);
    const item = rows.at(here);
    if (grouping && item && (event.key === "ArrowLeft" || event.key === "ArrowRight")) {
      event.preventDefault();
      const { section } = item;
      if (section.isCollapsed === (event.key === "ArrowRight")) props.onCollapse(section);
      if (item.kind === "task" && event.key === "ArrowLeft") focusHead(section.key, rows.headIndexOf(section.key));
      return;
    }
    const step = STEPS[event.key];
    if (!step) return;
    event.preventDefault();
    if (event.shiftKey) {
      extend(step);
      return;
    }
    const next = rows.at(here + step);
    if (next?.kind === "head") focusHead(next.section.key, here + step);
    else if (head !== undefined && next?.kind === "task") focus(next.id);
    else if (head === undefined) move(step);
  };
  const rootRef = useCallback((element: HTMLDivElement | null) => {
    scroller.current = element;
    motion.rootRef(element);
  }, []);
  const columnCount = columns.length + 2;
  const first = ids[0];
  const draw = (item: Item, index: number, start: number) => {
    const rowIndex = index + 2;
    switch (item.kind) {
      case "head":
        return (
          <GroupHead
            key={`head ${item.section.key}`}
            {...{ rowIndex, start, columnCount }}
            section={item.section}
            grouping={grouping as Grouping}
            isSticky={index === sticky}
            onToggle={() => props.onCollapse(item.section)}
          />
        );
      case "task": {
        const { id } = item;
        return (
          <TaskRow
            key={id}
            {...{ id, rowIndex, start, actions }}
            onEndRename={props.onEndRename}
            fields={columns}
            isFocused={place < 0 ? id === first : index === place}
            isSelected={selected.has(id)}
            isOpen={id === openId}
            isRenamed={id === renamedId}
          />
        );
      }
      case "end":
        return (
          <EndRow key={`end ${item.section.key}`} list={item.section.list} {...{ rowIndex, start, columnCount }} />
        );
    }
  };
  return (
    <div
      class="task-list"
      role="grid"
      aria-label={t("tasks.title")}
      aria-rowcount={sections.some(({ list }) => !list || list.hasMore.value) ? -1 : rows.count + 1}
      aria-colcount={columnCount}
      aria-multiselectable
      aria-busy={isStale}
      ref={rootRef}
      style={columnStyle(columns)}
      onKeyDown={onKeyDown}
    >
      <div class="task-list__head" role="rowgroup">
        <ListHead
          columns={columns}
          ordering={ordering}
          onOrder={onOrder}
          selection={!selected.size ? "none" : selected.size < ids.length ? "some" : "all"}
          onSelectAll={(isSelected) => (isSelected ? selectAll() : selection.clear())}
        />
      </div>
      <div class="task-list__rows" role="rowgroup" style={{ height: `${virtualizer.getTotalSize()}px` }}>
        {virtualizer.getVirtualItems().map(({ index, start }) => {
          const item = rows.at(index);
          return item && draw(item, index, start);
        })}
      </div>
    </div>
  );
}

/** The same array while its content is the same. */
function useStable(ids: readonly number[]): readonly number[] {
  const last = useRef(ids);
  const isSame =
    last.current === ids ||
    (last.current.length === ids.length && last.current.every((id, index) => id === ids[index]));
  if (!isSame) last.current = ids;
  return last.current;
}

/** Opens and loads what comes into sight; returns the index of the head at the top. */
function useLoading(
  rows: Rows,
  range: { startIndex: number; endIndex: number } | null,
  isStale: boolean,
  onOpenSection: (section: ShownSection) => void,
): number {
  const from = range?.startIndex ?? 0;
  const to = range?.endIndex ?? 0;
  const ending = isStale ? [] : rows.endingIn(from, to, AHEAD);
  // What is read here makes the list render again once a page has come.
  const wanted = ending.filter(
    ({ list }) => !list || (list.state.value === "ready" && list.hasMore.value && !list.isLoadingMore.value),
  );
  useEffect(() => {
    for (const section of wanted) {
      if (section.list) void section.list.loadMore();
      else onOpenSection(section);
    }
  });
  return rows.headOf(from);
}

/** A head that is not rendered yet gets the focus once it is. */
function useHeadFocus(scroller: { current: HTMLElement | null }, scrollTo: (index: number) => void) {
  const wanted = useRef<string | null>(null);
  const settle = () => {
    if (wanted.current === null) return;
    const head = scroller.current?.querySelector<HTMLElement>(`[data-group="${CSS.escape(wanted.current)}"] button`);
    if (!head) return;
    head.focus({ preventScroll: true });
    wanted.current = null;
  };
  useLayoutEffect(settle);
  return (key: string, index: number) => {
    wanted.current = key;
    scrollTo(index);
    settle();
  };
}

interface EndRowProps {
  list: TaskList | null;
  rowIndex: number;
  columnCount: number;
  start: number;
}

function EndRow({ list, rowIndex, columnCount, start }: EndRowProps) {
  return (
    <div class="task-list__end" role="row" aria-rowindex={rowIndex} style={{ transform: `translateY(${start}px)` }}>
      <div class="row" role="gridcell" aria-colspan={columnCount}>
        <ListEnd list={list} />
      </div>
    </div>
  );
}
