// biome-ignore-all lint/a11y/useSemanticElements: the columns are no fieldset
/** The board: a column for each status, priority or assignee. The address is its state, as that of the list. */
import { useMemo, useRef, useState } from "preact/hooks";
import { t, today } from "tms/i18n";
import { announce, type PageProps, useTitle } from "tms/module";
import { tasks } from "tms/store";
import {
  BulkBar,
  changeTasks,
  DragHint,
  deleteTasks,
  EditPicker,
  FilterBar,
  hasFilters,
  mayChangeAny,
  NoMatch,
  SavedViews,
  Selection,
  TasksFrame,
  toListQuery,
  useDrag,
  useEdit,
  useTaskActions,
  useTaskView,
  ViewSearch,
} from "tms/tasks";
import { Button, EmptyState, SkeletonRows, useMotion } from "tms/ui";
import { BoardFocus } from "./board-focus.ts";
import { useBoardShortcuts } from "./board-shortcuts.ts";
import { BoardColumn, nameOfColumn } from "./column.tsx";
import { ColumnSwitcher } from "./column-switcher.tsx";
import { GroupMenu } from "./group-menu.tsx";
import { chosenOrdering, fieldOf, patchOf, readGroup, shownOrdering } from "./groups.ts";
import { useColumns } from "./use-columns.ts";
import { useColumnsInSight } from "./use-columns-in-sight.ts";

const STEPS: Record<string, [x: number, y: number]> = {
  ArrowLeft: [-1, 0],
  ArrowRight: [1, 0],
  ArrowUp: [0, -1],
  ArrowDown: [0, 1],
};

export default function BoardPage(props: PageProps) {
  useTitle(t("board.title"));
  const { view, openId, goTo, clearFilters, hrefOf, open, closePanel } = useTaskView("/board", props);
  const group = readGroup(props.query);
  const query = toListQuery(view, today());
  const { columns, counts } = useColumns(group, query);
  const [focus] = useState(() => new BoardFocus(new Selection()));
  const { selection } = focus;
  focus.order = columns.map(({ key }) => key);
  const [isStarted, setStarted] = useState(false);
  const searchInput = useRef<HTMLInputElement>(null);
  const scroller = useRef<HTMLDivElement>(null);
  const motion = useMotion();
  const isEmpty = counts?.size === 0 && !isStarted && !tasks.queue.value.length;
  const { seen, current } = useColumnsInSight(scroller, focus.order, !isEmpty);

  const { edit, close, editOne, editTargets } = useEdit(selection, (field) => {
    const card = focus.card();
    return card?.querySelector<HTMLElement>(`[data-field=${field}]`) ?? card;
  });

  const send = (id: number, key: string, from?: DOMRect | null) => {
    const column = columns.find((one) => one.key === key);
    const origin = focus.columnOf(id);
    if (!column || origin === undefined || origin === key) return;
    if (from) motion.startFrom(id, from);
    if (isWithin(scroller.current)) focus.follow(id, origin);
    void changeTasks([id], patchOf(column));
  };
  const { areaRef, drag } = useDrag({
    nameOf: (key) => {
      const column = columns.find((one) => one.key === key);
      return column ? nameOfColumn(column) : "";
    },
    onDrop: send,
  });
  const boardRef = useMemo(
    () => (element: HTMLDivElement | null) => {
      scroller.current = element;
      areaRef(element);
      motion.rootRef(element);
    },
    [areaRef, motion],
  );

  const orderOf = (id: number) => focus.columns.get(focus.columnOf(id) ?? "")?.ids() ?? [];
  const actions = useTaskActions({ hrefOf, open, selection, edit: editOne, orderOf });
  const add = () => {
    setStarted(true);
    const key = focus.current();
    if (key !== undefined) focus.columns.get(key)?.add();
  };
  const sendFocused = (step: number) => {
    const id = selection.focused.peek();
    const key = id === null || !isWithin(scroller.current) ? undefined : focus.columnOf(id);
    const next = key === undefined ? undefined : focus.beside(key, step);
    const column = columns.find((one) => one.key === next);
    if (id === null || id <= 0 || !column || !mayChangeAny([id])) return;
    send(id, column.key);
    announce(t("tasks.drag.dropped", { title: tasks.task(id).peek()?.title ?? "", target: nameOfColumn(column) }));
  };
  useBoardShortcuts({
    add,
    search: () => searchInput.current?.focus(),
    move: (step) => focus.move(step),
    moveAcross: (step) => focus.moveAcross(step),
    send: sendFocused,
    toggle: () => selection.toggleFocused(),
    edit: editTargets,
    clear: () => selection.clear(),
  });

  const count = selection.count.value;
  return (
    <>
      <TasksFrame
        name="board"
        heading={t("board.title")}
        views={<SavedViews page="/board" />}
        tools={<ViewSearch input={searchInput} view={view} onChange={goTo} />}
        openId={openId}
        onClosePanel={() => {
          closePanel();
          const key = openId === null ? undefined : focus.columnOf(openId);
          if (openId !== null && key !== undefined) focus.columns.get(key)?.focus(openId);
        }}
      >
        <FilterBar
          view={{ ...view, ordering: shownOrdering(view.ordering) }}
          onChange={(next) => goTo({ ...next, ordering: chosenOrdering(next.ordering) })}
          onClear={clearFilters}
        >
          <GroupMenu group={group} onChoose={(next) => goTo({ ...view, group: next === "status" ? null : next })} />
        </FilterBar>
        {isEmpty ? (
          <Nothing isFiltered={hasFilters(view)} onClear={clearFilters} onAdd={() => setStarted(true)} />
        ) : !counts && !columns.length ? (
          <SkeletonRows />
        ) : (
          <>
            <ColumnSwitcher columns={columns} counts={counts} current={current} scroller={scroller} />
            <div
              class="board"
              role="group"
              aria-label={t("board.columns")}
              ref={boardRef}
              data-group={group}
              onKeyDown={onKeyDown(focus)}
            >
              <DragHint />
              {columns.map((column) => (
                <BoardColumn
                  key={`${group} ${column.key}`}
                  {...{ column, query, openId, actions, focus, motion }}
                  counted={counts ? (counts.get(column.key) ?? 0) : null}
                  isInSight={seen.has(column.key)}
                  drag={drag.value}
                />
              ))}
            </div>
          </>
        )}
        {count > 0 && (
          <BulkBar
            count={count}
            onEdit={editTargets}
            onDelete={async () => {
              if (await deleteTasks(selection.targets())) selection.clear();
            }}
            onClear={() => selection.clear()}
          />
        )}
      </TasksFrame>
      {edit && (
        <EditPicker
          edit={edit}
          onClose={() => {
            close();
            const id = selection.focused.peek();
            const key = id === null ? undefined : focus.columnOf(id);
            // A card that the change takes elsewhere keeps the focus.
            if (id !== null && key !== undefined && edit.field === fieldOf(group)) focus.follow(id, key);
          }}
        />
      )}
    </>
  );
}

/** Arrow keys, where the focus is on a card; with Shift they are a shortcut. */
function onKeyDown(focus: BoardFocus) {
  return (event: KeyboardEvent) => {
    const [x, y] = STEPS[event.key] ?? [0, 0];
    if ((!x && !y) || event.shiftKey || event.defaultPrevented || (event.target as Element).closest("input")) return;
    event.preventDefault();
    if (x) focus.moveAcross(x);
    else focus.move(y);
  };
}

function Nothing(props: { isFiltered: boolean; onClear: () => void; onAdd: () => void }) {
  if (props.isFiltered) return <NoMatch onClear={props.onClear} />;
  return (
    <EmptyState icon="board" title={t("tasks.none.title")} text={t("board.none")}>
      <Button variant="primary" icon="plus" onClick={props.onAdd}>
        {t("tasks.none.action")}
      </Button>
    </EmptyState>
  );
}

function isWithin(board: HTMLElement | null): boolean {
  return board?.contains(document.activeElement) ?? false;
}
