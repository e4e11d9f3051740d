// biome-ignore-all lint/a11y/useSemanticElements: a grid of positioned rows; a table element cannot be virtual
// biome-ignore-all lint/a11y/useFocusableInteractive: a grid of positioned rows; a table element cannot be virtual
/** The rows of a list: rendered as far as in sight, loaded as far as scrolled, moved through by keyboard. */
import type { Ref } from "preact";
import { useEffect, useImperativeHandle, useLayoutEffect, useRef } from "preact/hooks";
import { errorText } from "tms/api";
import { t } from "tms/i18n";
import type { Ordering, TaskList } from "tms/store";
import { useVirtualRows } from "tms/tasks";
import { Button, Skeleton } from "tms/ui";
import { ListHead } from "./list-head.tsx";
import { Row, type RowActions } from "./row.tsx";
import type { Selection } from "./selection.ts";

/** How many rows before the end the next page is asked for. */
const AHEAD = 40;
const STEPS: Record<string, number> = { ArrowDown: 1, ArrowUp: -1 };

export interface ListHandle {
  /** Moves the focus by so many rows. */
  move: (step: number) => void;
  focus: (id: number) => void;
  /** Focuses the focused row again, or the one that has taken its place. */
  refocus: () => void;
  /** The element of the focused row. */
  row: () => HTMLElement | null;
}

export interface TaskRowsProps {
  list: TaskList;
  isStale: boolean;
  selection: Selection;
  ordering: readonly Ordering[];
  onOrder: (ordering: Ordering[]) => void;
  openId: number | null;
  renamedId: number | null;
  actions: RowActions;
  handle: Ref<ListHandle>;
}

export function TaskRows(props: TaskRowsProps) {
  const { list, isStale, selection, ordering, onOrder, openId, renamedId, actions, handle } = props;
  const ids = list.ids.value;
  const selected = selection.ids.value;
  const focused = selection.focused.value;
  const place = focused === null ? -1 : ids.indexOf(focused);
  const { scroller, virtualizer } = useVirtualRows(ids.length, (index) => ids[index] as number, place);
  const { move, focus, refocus, row } = useRowFocus(ids, selection, scroller, (index) =>
    virtualizer.scrollToIndex(index, { align: "auto" }),
  );
  useImperativeHandle(handle, () => ({ move, focus, refocus, row }));
  useEffect(() => selection.retain(ids), [ids]);

  const end = virtualizer.range?.endIndex ?? 0;
  const mayLoad = !isStale && list.state.value === "ready" && list.hasMore.value && !list.isLoadingMore.value;
  useEffect(() => {
    if (mayLoad && end >= ids.length - AHEAD) void list.loadMore();
  }, [mayLoad, end, ids.length]);

  const onKeyDown = (event: KeyboardEvent) => {
    const step = STEPS[event.key];
    if (!step || (event.target as Element).matches("[type=text]")) return;
    event.preventDefault();
    if (event.shiftKey && focused !== null && !selected.has(focused)) actions.toggle(focused, false);
    move(step);
    const next = selection.focused.peek();
    if (event.shiftKey && next !== null) actions.toggle(next, true);
  };
  return (
    <div
      class="task-list"
      role="grid"
      aria-label={t("tasks.title")}
      aria-rowcount={list.hasMore.value ? -1 : ids.length + 1}
      aria-multiselectable
      aria-busy={isStale}
      ref={scroller}
      onKeyDown={onKeyDown}
    >
      <div class="task-list__head" role="rowgroup">
        <ListHead
          ordering={ordering}
          onOrder={onOrder}
          selection={!selected.size ? "none" : selected.size < ids.length ? "some" : "all"}
          onSelectAll={(isSelected) => (isSelected ? selection.selectAll(ids) : selection.clear())}
        />
      </div>
      <div class="task-list__rows" role="rowgroup" style={{ height: `${virtualizer.getTotalSize()}px` }}>
        {virtualizer.getVirtualItems().map(({ index, start }) => {
          const id = ids[index];
          if (id === undefined) return null;
          return (
            <Row
              key={id}
              {...{ id, index, start, actions }}
              isFocused={place < 0 ? index === 0 : index === place}
              isSelected={selected.has(id)}
              isOpen={id === openId}
              isRenamed={id === renamedId}
            />
          );
        })}
      </div>
      {!isStale && <ListEnd list={list} />}
    </div>
  );
}

/** What is behind the last loaded row: more to come, or a request that failed. */
function ListEnd({ list }: { list: TaskList }) {
  const hasFailed = list.state.value === "error";
  if (!hasFailed && !list.hasMore.value) return null;
  return (
    <div role="rowgroup">
      <div class="task-list__end" role="row">
        <div class="row" role="gridcell">
          {hasFailed ? (
            <>
              <span role="alert">{errorText(list.error.value)}</span>
              <Button size="small" icon="refresh" onClick={() => retry(list)} isBusy={list.isLoadingMore.value}>
                {t("ui.retry")}
              </Button>
            </>
          ) : (
            <>
              <span class="visually-hidden">{t("ui.loading")}</span>
              <Skeleton width="medium" />
            </>
          )}
        </div>
      </div>
    </div>
  );
}

/** Repeats what failed: the first page and those that are loaded, or the next one. */
export function retry(list: TaskList): void {
  if (list.ids.peek().length && list.hasMore.peek()) void list.loadMore();
  else void list.reload();
}

/** The focus is a row; one that is not rendered yet gets it once it is. */
function useRowFocus(
  ids: readonly number[],
  selection: Selection,
  scroller: { current: HTMLElement | null },
  scrollTo: (index: number) => void,
) {
  const wanted = useRef<number | null>(null);
  // Where the focused row was, should it leave the list.
  const lastPlace = useRef(-1);
  const find = (id: number | null) =>
    id === null ? null : (scroller.current?.querySelector<HTMLElement>(`[data-id="${id}"]`) ?? null);
  const settle = () => {
    const row = find(wanted.current);
    row?.focus({ preventScroll: true });
    // A row behind the panel cannot have it yet.
    if (row && document.activeElement === row) wanted.current = null;
  };
  useLayoutEffect(settle);
  const hadFocus = scroller.current?.contains(document.activeElement);
  useLayoutEffect(() => {
    // The row with the focus has left the list, and the focus with it.
    if (hadFocus && document.activeElement === document.body) refocus();
  }, [ids]);
  const focused = selection.focused.peek();
  const place = focused === null ? -1 : ids.indexOf(focused);
  if (place >= 0) lastPlace.current = place;

  const focus = (id: number) => {
    const index = ids.indexOf(id);
    if (index < 0) return;
    wanted.current = id;
    selection.focused.value = id;
    scrollTo(index);
    settle();
  };
  const refocus = () => {
    const current = selection.focused.peek();
    const isThere = current !== null && ids.includes(current);
    const next = isThere ? current : ids[Math.min(lastPlace.current, ids.length - 1)];
    if (next !== undefined) focus(next);
  };
  const move = (step: number) => {
    const current = selection.focused.peek();
    const known = current === null ? -1 : ids.indexOf(current);
    // Where the row has left, the next one has taken its place.
    const from = known >= 0 ? known : current === null ? -1 : lastPlace.current - Math.max(0, step);
    const next = ids[Math.min(ids.length - 1, Math.max(0, from + step))];
    if (next !== undefined) focus(next);
  };
  return { move, focus, refocus, row: () => find(selection.focused.peek()) };
}
