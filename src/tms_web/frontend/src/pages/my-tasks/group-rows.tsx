// biome-ignore-all lint/a11y/useSemanticElements: a grid of positioned rows; a table element cannot be virtual
// biome-ignore-all lint/a11y/useFocusableInteractive: a grid of positioned rows; a table element cannot be virtual
/** The sections as one grid: rendered as far as in sight, each loaded as far as scrolled. */
import type { ComponentChildren, Ref } from "preact";
import { useCallback, useEffect, useImperativeHandle } from "preact/hooks";
import type { Task } from "tms/api";
import { t } from "tms/i18n";
import type { TaskList } from "tms/store";
import {
  type EditedField,
  ListEnd,
  type RowFocus,
  type Selection,
  type TaskActions,
  TaskRow,
  useRowFocus,
  useVirtualRows,
} from "tms/tasks";
import { useMotion, useMotionOf } from "tms/ui";
import { type CheckOff, withKept } from "./check-off.ts";
import { GroupHead } from "./group-head.tsx";
import type { Group } from "./use-sections.ts";

type Item =
  | { kind: "head"; key: string; group: Group }
  | { kind: "task"; key: string; group: Group; id: number; index: number }
  | { kind: "end"; key: string; list: TaskList };

export interface GroupRowsProps {
  groups: readonly Group[];
  selection: Selection;
  checkOff: CheckOff;
  openId: number | null;
  renamedId: number | null;
  actions: TaskActions;
  onEndRename: (id: number) => void;
  onAdd: (group: Group) => void;
  handle: Ref<RowFocus>;
  /** Above the rows, where there are no open tasks. */
  children?: ComponentChildren;
}

const FIELDS: readonly EditedField[] = ["status", "priority", "due_date"];
const STEPS: Record<string, number> = { ArrowDown: 1, ArrowUp: -1 };

export function GroupRows(props: GroupRowsProps) {
  const { groups, selection, checkOff, openId, renamedId, actions, onAdd, handle, children } = props;
  const items = itemsOf(groups, checkOff);
  const ids = items.flatMap((item) => (item.kind === "task" ? [item.id] : []));
  const motion = useMotion();
  useMotionOf(motion, ids);
  const focused = selection.focused.value;
  const selected = selection.ids.value;
  const placeOf = (id: number | null | undefined) => items.findIndex((item) => item.kind === "task" && item.id === id);
  const place = placeOf(focused);
  const first = items.findIndex(({ kind }) => kind === "task");
  const { scroller, virtualizer } = useVirtualRows(items.length, (index) => items[index]?.key ?? index, place, {
    heads: { isHead: (index) => items[index]?.kind === "head" },
  });
  const rows = useRowFocus(ids, selection, scroller, (index) =>
    virtualizer.scrollToIndex(placeOf(ids[index]), { align: "auto" }),
  );
  const setRoot = useCallback((root: HTMLDivElement | null) => {
    scroller.current = root;
    motion.rootRef(root);
  }, []);
  useImperativeHandle(handle, () => rows);
  useEffect(() => selection.retain(ids), [ids.join()]);

  const shown = virtualizer.getVirtualItems();
  const wanted = shown.flatMap(({ index }) => {
    const item = items[index];
    return item?.kind === "end" && item.list.state.value === "ready" && !item.list.isLoadingMore.value
      ? [item.list]
      : [];
  });
  useEffect(() => {
    for (const list of wanted) void list.loadMore();
  });

  const onKeyDown = (event: KeyboardEvent) => {
    const step = STEPS[event.key];
    if (!step || (event.target as Element).matches("[type=text]")) return;
    event.preventDefault();
    if (event.shiftKey && focused !== null && !selected.has(focused)) actions.toggle(focused, false);
    rows.move(step);
    const next = selection.focused.peek();
    if (event.shiftKey && next !== null) actions.toggle(next, true);
  };
  const isComplete = groups.every(({ list }) => !list?.hasMore.value);
  return (
    <div class="task-list my-tasks" ref={setRoot}>
      {children}
      <div
        class="task-list__rows"
        role="grid"
        aria-label={t("my-tasks.title")}
        aria-rowcount={isComplete ? items.length : -1}
        aria-multiselectable
        style={{ height: `${virtualizer.getTotalSize()}px` }}
        onKeyDown={onKeyDown}
      >
        {shown.map(({ index, start }) => {
          const item = items[index];
          if (!item) return null;
          const rowIndex = index + 1;
          if (item.kind === "head") {
            return <GroupHead key={item.key} group={item.group} {...{ rowIndex, start, onAdd }} />;
          }
          if (item.kind === "end") return <GroupEnd key={item.key} list={item.list} {...{ rowIndex, start }} />;
          const { id } = item;
          return (
            <TaskRow
              key={item.key}
              {...{ id, rowIndex, start, actions }}
              onEndRename={props.onEndRename}
              fields={FIELDS}
              control={(task, tabIndex) => (
                <CompleteBox
                  task={task}
                  tabIndex={tabIndex}
                  onToggle={() => checkOff.toggle(task, { section: item.group.name, index: item.index })}
                />
              )}
              isFocused={place < 0 ? index === first : index === place}
              isSelected={selected.has(id)}
              isOpen={id === openId}
              isRenamed={id === renamedId}
              isDone={checkOff.kept.value.has(id)}
            />
          );
        })}
      </div>
    </div>
  );
}

/** Where a task is, for checking it off by key. */
export function placeOfTask(groups: readonly Group[], id: number): { section: string; index: number } | null {
  for (const { name, ids } of groups) {
    const index = ids.indexOf(id);
    if (index >= 0) return { section: name, index };
  }
  return null;
}

function itemsOf(groups: readonly Group[], checkOff: CheckOff): Item[] {
  const kept = checkOff.kept.value;
  const isElsewhere = (id: number, name: string) => kept.has(id) && kept.get(id)?.section !== name;
  return groups.flatMap((group): Item[] => {
    const { name, ids, list, isOpen } = group;
    const head: Item = { kind: "head", key: name, group };
    if (!isOpen) return [head];
    const rows = withKept(ids, kept, name)
      .filter((id) => !isElsewhere(id, name))
      .map((id, index): Item => ({ kind: "task", key: `${name} ${id}`, group, id, index }));
    const hasEnd = list && (list.state.value !== "ready" || list.hasMore.value);
    return [head, ...rows, ...(hasEnd ? [{ kind: "end", key: `${name} end`, list } satisfies Item] : [])];
  });
}

function CompleteBox({ task, tabIndex, onToggle }: { task: Task; tabIndex: number; onToggle: () => void }) {
  const isCompleted = task.status === "COMPLETED";
  return (
    <input
      class="checkbox-input my-tasks__check"
      type="checkbox"
      aria-label={t("my-tasks.complete", { title: task.title })}
      checked={isCompleted}
      disabled={task.id < 0}
      tabIndex={tabIndex}
      onClick={onToggle}
    />
  );
}

function GroupEnd({ list, rowIndex, start }: { list: TaskList; rowIndex: number; start: number }) {
  return (
    <div
      class="task-row my-tasks__end"
      role="row"
      aria-rowindex={rowIndex}
      style={{ transform: `translateY(${start}px)` }}
    >
      <div class="row" role="gridcell">
        <ListEnd list={list} />
      </div>
    </div>
  );
}
