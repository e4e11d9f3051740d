/** What is assigned to the user and open, by due date. */
import { useEffect, useRef, useState } from "preact/hooks";
import { session } from "tms/api";
import { t } from "tms/i18n";
import { type PageProps, useShortcuts, useTitle } from "tms/module";
import { tasks } from "tms/store";
import {
  BulkBar,
  deleteTasks,
  EditPicker,
  NoMatch,
  QuickAdd,
  type RowFocus,
  SavedViews,
  Selection,
  TasksFrame,
  useEdit,
  useListShortcuts,
  useRenaming,
  useTaskActions,
  useTaskView,
  ViewSearch,
} from "tms/tasks";
import { EmptyState, ErrorState, SkeletonRows } from "tms/ui";
import { CheckOff } from "./check-off.ts";
import { GroupRows, placeOfTask } from "./group-rows.tsx";
import { type Group, type GroupName, useSections } from "./use-sections.ts";

export default function MyTasksPage(props: PageProps) {
  useTitle(t("my-tasks.title"));
  const { view, openId, goTo, clearFilters, hrefOf, open, closePanel } = useTaskView("/my-tasks", props);
  const { groups, lists } = useSections(view.q.trim());
  const [selection] = useState(() => new Selection());
  const [checkOff] = useState(() => new CheckOff());
  const [addTo, setAddTo] = useState<GroupName | null>(null);
  const rows = useRef<RowFocus>(null);
  const searchInput = useRef<HTMLInputElement>(null);
  const addInput = useRef<HTMLInputElement>(null);
  const me = session.user.value?.id ?? 0;
  useEffect(() => () => checkOff.dispose(), []);
  checkOff.onLeave = (id) => {
    const row = rows.current?.row();
    if (selection.focused.peek() !== id || !row?.contains(document.activeElement)) return;
    rows.current?.move(1);
    if (selection.focused.peek() === id) rows.current?.move(-1);
  };

  const { edit, close, editOne, editTargets } = useEdit(selection, (field) => {
    const row = rows.current?.row() ?? null;
    return row?.querySelector<HTMLElement>(`[data-field=${field}]`) ?? row;
  });
  const orderOf = () => groups.flatMap(({ isOpen, ids }) => (isOpen ? ids : []));
  const actions = useTaskActions({ hrefOf, open, selection, edit: editOne, orderOf });
  const { renamedId, rename, endRename } = useRenaming(selection, (id) => rows.current?.focus(id));

  const remove = async () => {
    if (await deleteTasks(selection.targets())) selection.clear();
  };
  const add = (group: Group | null) => {
    setAddTo(group?.name ?? null);
    addInput.current?.focus();
  };
  const checkFocused = () => {
    const id = selection.focused.peek();
    const task = id === null ? undefined : tasks.task(id).peek();
    if (!task || task.id < 0) return;
    checkOff.toggle(task, placeOfTask(groups, task.id) ?? { section: "", index: 0 });
  };
  useShortcuts([{ keys: "space", label: t("my-tasks.key.complete"), run: checkFocused }]);
  useListShortcuts({
    add: () => add(null),
    search: () => searchInput.current?.focus(),
    move: (step) => rows.current?.move(step),
    toggle: () => selection.toggleFocused(),
    edit: editTargets,
    rename,
    clear: () => selection.clear(),
  });

  const isWaiting = lists.some((list) => list.state.value === "loading" && !list.ids.value.length);
  const failed = lists.every((list) => list.state.value === "error" && !list.ids.value.length);
  const isEmpty = lists.every((list) => list.state.value === "ready" && !list.ids.value.length && !list.hasMore.value);
  const newDay = groups.find(({ name }) => name === addTo)?.newDay;
  const count = selection.count.value;
  return (
    <>
      <TasksFrame
        name="my-tasks"
        heading={t("my-tasks.title")}
        views={<SavedViews page="/my-tasks" />}
        tools={<ViewSearch input={searchInput} view={view} onChange={goTo} />}
        openId={openId}
        onClosePanel={() => {
          closePanel();
          if (openId !== null) rows.current?.focus(openId);
        }}
      >
        <QuickAdd
          input={addInput}
          defaults={{ assigned_to: me, ...(newDay && { due_date: newDay }) }}
          {...(newDay && { onRemoveDay: () => setAddTo(null) })}
          placeholder={t("my-tasks.placeholder")}
          isListed={(id) => tasks.task(id).peek()?.assigned_to === me && !view.q}
          onOpen={actions.open}
        />
        {failed ? (
          <ErrorState error={lists[0]?.error.value} onRetry={() => lists.forEach((list) => void list.reload())} />
        ) : isWaiting ? (
          <SkeletonRows count={12} />
        ) : (
          <GroupRows
            groups={isEmpty && !checkOff.kept.value.size ? groups.slice(-1) : groups.filter(isWorthShowing)}
            {...{ selection, checkOff, openId, renamedId, actions }}
            onEndRename={endRename}
            onAdd={add}
            handle={rows}
          >
            {isEmpty && !checkOff.kept.value.size && <Nothing isSearch={view.q !== ""} onClear={clearFilters} />}
          </GroupRows>
        )}
        {count > 0 && (
          <BulkBar
            count={count}
            onEdit={editTargets}
            onDelete={() => void remove()}
            onClear={() => selection.clear()}
          />
        )}
      </TasksFrame>
      {edit && <EditPicker edit={edit} onClose={close} />}
    </>
  );
}

function Nothing({ isSearch, onClear }: { isSearch: boolean; onClear: () => void }) {
  if (!isSearch) return <EmptyState icon="myTasks" title={t("my-tasks.none.title")} text={t("my-tasks.none.text")} />;
  return <NoMatch onClear={onClear} />;
}

/** Nothing overdue is no section. */
function isWorthShowing({ name, count }: Group): boolean {
  return name !== "overdue" || count !== 0;
}
