/** The list of tasks. The address is its state: filters, search, order, and the open task. */
import { useRef, useState } from "preact/hooks";
import { t } from "tms/i18n";
import { type PageProps, useTitle } from "tms/module";
import type { TaskList } from "tms/store";
import {
  BulkBar,
  ColumnsMenu,
  currentDay,
  deleteTasks,
  EditPicker,
  FilterBar,
  groupsOf,
  hasFilters,
  NoMatch,
  QuickAdd,
  retry,
  SavedViews,
  Selection,
  TasksFrame,
  toListQuery,
  useAssignees,
  useColumns,
  useEdit,
  useListShortcuts,
  useRenaming,
  useSections,
  useTaskActions,
  useTaskView,
  ViewSearch,
  writeView,
} from "tms/tasks";
import { Button, EmptyState, ErrorState, SkeletonRows } from "tms/ui";
import { collapsed, toggleCollapsed } from "./collapsed.ts";
import { GroupMenu } from "./group-menu.tsx";
import { ListCount } from "./list-count.tsx";
import type { ShownSection } from "./rows.ts";
import { SelectAllMatching } from "./select-all-matching.tsx";
import { type ListHandle, TaskRows } from "./task-list.tsx";

export default function ListPage(props: PageProps) {
  useTitle(t("tasks.title"));
  const { view, openId, goTo, clearFilters, hrefOf, open, closePanel } = useTaskView("/tasks", props);
  const [shownColumns, chooseColumns] = useColumns(view.saved);
  const day = currentDay.value;
  const query = toListQuery(view, day);
  const assignees = useAssignees(query.filters, view.group === "assignee");
  const groups = view.group ? groupsOf(view, view.group, day, assignees ?? []) : [{ key: "all", query }];
  const { sections, isStale, open: openSection } = useSections(groups, view.group === "assignee");
  const shownSections = sections
    .filter(({ list }) => !view.group || !isBare(list))
    .map((section) => ({
      ...section,
      hasHead: view.group !== null,
      isCollapsed: view.group !== null && collapsed.value.has(`${view.group} ${section.key}`),
    }));
  const [selection] = useState(() => new Selection());
  const rows = useRef<ListHandle>(null);
  const searchInput = useRef<HTMLInputElement>(null);
  const addInput = useRef<HTMLInputElement>(null);

  const { edit, close, editOne, editTargets } = useEdit(
    selection,
    (field) => rows.current?.row()?.querySelector<HTMLElement>(`[data-field=${field}]`) ?? null,
  );

  const orderOf = () => orderOfSections(shownSections);
  const actions = useTaskActions({ hrefOf, open, selection, edit: editOne, orderOf });
  const { renamedId, rename, endRename } = useRenaming(selection, (id) => rows.current?.focus(id));
  const remove = async () => {
    if (!(await deleteTasks(selection.targets()))) return;
    selection.clear();
    rows.current?.refocus();
  };
  useListShortcuts({
    add: () => addInput.current?.focus(),
    search: () => searchInput.current?.focus(),
    move: (step) => rows.current?.move(step),
    toggle: () => selection.toggleFocused(),
    edit: editTargets,
    rename,
    clear: () => selection.clear(),
    extend: (step) => rows.current?.extend(step),
    selectAll: () => rows.current?.selectAll(),
  });

  const count = selection.count.value;
  const isWaiting = view.group === "assignee" ? assignees === null : sections.every(({ list }) => isLoading(list));
  const isEmpty = !isWaiting && sections.every(({ list }) => isBare(list));
  // Without groups, and once the list of these filters is there.
  const whole = view.group || isStale ? null : (sections[0]?.list ?? null);
  const failed = sections.length === 1 && !sections[0]?.list?.ids.value.length ? sections[0]?.list : null;
  return (
    <>
      <TasksFrame
        name="list"
        heading={t("tasks.title")}
        views={
          <>
            <SavedViews page="/tasks" columns={shownColumns} />
            {!view.group && <ListCount list={whole} filters={writeView({ ...view, ordering: [], saved: null })} />}
          </>
        }
        tools={<ViewSearch input={searchInput} view={view} onChange={goTo} />}
        openId={openId}
        onClosePanel={() => {
          closePanel();
          selection.focused.value = openId;
          rows.current?.refocus();
        }}
      >
        <QuickAdd
          input={addInput}
          isListed={(id) => sections.some(({ list }) => list?.ids.peek().includes(id))}
          onOpen={actions.open}
          draftName="list/new"
        />
        <FilterBar view={view} onChange={goTo} onClear={clearFilters}>
          <GroupMenu group={view.group} onChange={(group) => goTo({ ...view, group })} />
          <ColumnsMenu columns={shownColumns} onChange={chooseColumns} />
        </FilterBar>
        {isEmpty ? (
          <Nothing isFiltered={hasFilters(view)} onClear={clearFilters} onAdd={() => addInput.current?.focus()} />
        ) : isWaiting ? (
          <SkeletonRows count={12} />
        ) : failed?.state.value === "error" ? (
          <ErrorState error={failed.error.value} onRetry={() => retry(failed)} />
        ) : (
          <TaskRows
            sections={shownSections}
            grouping={view.group}
            isStale={isStale}
            selection={selection}
            columns={shownColumns}
            ordering={view.ordering}
            onOrder={(ordering) => goTo({ ...view, ordering })}
            onOpenSection={openSection}
            onCollapse={({ key }) => toggleCollapsed(`${view.group} ${key}`)}
            openId={openId}
            renamedId={renamedId}
            actions={actions}
            onEndRename={endRename}
            handle={rows}
          />
        )}
        {count > 0 && (
          <BulkBar count={count} onEdit={editTargets} onDelete={() => void remove()} onClear={() => selection.clear()}>
            {whole && <SelectAllMatching list={whole} selection={selection} />}
          </BulkBar>
        )}
      </TasksFrame>
      {edit && <EditPicker edit={edit} onClose={close} />}
    </>
  );
}

function Nothing(props: { isFiltered: boolean; onClear: () => void; onAdd: () => void }) {
  if (props.isFiltered) return <NoMatch onClear={props.onClear} />;
  return (
    <EmptyState icon="inbox" title={t("tasks.none.title")} text={t("tasks.none.text")}>
      <Button variant="primary" icon="plus" onClick={props.onAdd}>
        {t("tasks.none.action")}
      </Button>
    </EmptyState>
  );
}

function isLoading(list: TaskList | null): boolean {
  return list?.state.value === "loading";
}

/** Whether it is known that the list has no tasks. */
function isBare(list: TaskList | null): boolean {
  return list !== null && list.state.value === "ready" && !list.ids.value.length && !list.hasMore.value;
}

/** The tasks in sight, in order. */
function orderOfSections(sections: readonly ShownSection[]): number[] {
  return sections.flatMap(({ list, isCollapsed }) => (isCollapsed ? [] : [...(list?.ids.peek() ?? [])]));
}
