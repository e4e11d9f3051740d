/** The list of tasks. The address is its state: filters, search, order, and the open task. */
import { useMemo, useRef, useState } from "preact/hooks";
import { t, today } from "tms/i18n";
import { type PageProps, useTitle } from "tms/module";
import {
  deleteTasks,
  type Edit,
  type EditedField,
  EditPicker,
  FilterBar,
  hasFilters,
  mayChangeAny,
  QuickAdd,
  SearchBox,
  TasksFrame,
  toListQuery,
  useList,
  useTaskView,
} from "tms/tasks";
import { Button, EmptyState, ErrorState, SkeletonRows } from "tms/ui";
import { BulkBar } from "./bulk-bar.tsx";
import type { RowActions } from "./row.tsx";
import { Selection } from "./selection.ts";
import { type ListHandle, retry, TaskRows } from "./task-list.tsx";
import { useListShortcuts } from "./use-list-shortcuts.ts";

export default function ListPage(props: PageProps) {
  useTitle(t("tasks.title"));
  const { view, openId, goTo, clearFilters, hrefOf, open, closePanel } = useTaskView("/tasks", props);
  const { list, shown } = useList(toListQuery(view, today()));
  const [selection] = useState(() => new Selection());
  const [edit, setEdit] = useState<Edit | null>(null);
  const [renamedId, setRenamed] = useState<number | null>(null);
  const rows = useRef<ListHandle>(null);
  const searchInput = useRef<HTMLInputElement>(null);
  const addInput = useRef<HTMLInputElement>(null);

  const actions = useMemo<RowActions>(
    () => ({
      hrefOf,
      open,
      focus: (id) => {
        selection.focused.value = id;
      },
      toggle: (id, isRange) => (isRange ? selection.extend(id, shown.ids.peek()) : selection.toggle(id)),
      edit: (field, id, anchor) => setEdit({ field, ids: [id], anchor: { current: anchor }, origin: originOf(anchor) }),
      endRename: (id) => {
        setRenamed(null);
        rows.current?.focus(id);
      },
    }),
    [hrefOf, shown],
  );
  const editTargets = (field: EditedField, from?: HTMLElement) => {
    const row = rows.current?.row();
    const anchor = from ?? row?.querySelector<HTMLElement>(`[data-field=${field}]`) ?? bulkButton(field);
    const ids = selection.targets();
    if (anchor && mayChangeAny(ids)) setEdit({ field, ids, anchor: { current: anchor }, origin: originOf(anchor) });
  };
  const remove = async () => {
    if (!(await deleteTasks(selection.targets()))) return;
    selection.clear();
    rows.current?.refocus();
  };
  useListShortcuts({
    add: () => addInput.current?.focus(),
    search: () => searchInput.current?.focus(),
    move: (step) => rows.current?.move(step),
    toggle: () => {
      const id = selection.focused.peek();
      if (id !== null && id > 0) selection.toggle(id);
    },
    edit: editTargets,
    rename: () => {
      const id = selection.focused.peek();
      if (id !== null && mayChangeAny([id])) setRenamed(id);
    },
    clear: () => selection.clear(),
  });

  const count = selection.count.value;
  const isEmpty = shown.state.value === "ready" && !shown.ids.value.length && !shown.hasMore.value;
  const isWaiting = !shown.ids.value.length && shown.state.value !== "error";
  return (
    <>
      <TasksFrame
        name="list"
        heading={t("tasks.title")}
        tools={
          <SearchBox
            input={searchInput}
            text={view.q}
            onSearch={(q) => goTo({ ...view, q }, { replace: view.q !== "" && q !== "" })}
          />
        }
        openId={openId}
        onClosePanel={() => {
          closePanel();
          selection.focused.value = openId;
          rows.current?.refocus();
        }}
      >
        <QuickAdd input={addInput} isListed={(id) => list.ids.peek().includes(id)} onOpen={actions.open} />
        <FilterBar view={view} onChange={goTo} onClear={clearFilters} />
        {isEmpty ? (
          <Nothing isFiltered={hasFilters(view)} onClear={clearFilters} onAdd={() => addInput.current?.focus()} />
        ) : isWaiting ? (
          <SkeletonRows count={12} />
        ) : shown.ids.value.length ? (
          <TaskRows
            list={shown}
            isStale={shown !== list}
            selection={selection}
            ordering={view.ordering}
            onOrder={(ordering) => goTo({ ...view, ordering })}
            openId={openId}
            renamedId={renamedId}
            actions={actions}
            handle={rows}
          />
        ) : (
          <ErrorState error={shown.error.value} onRetry={() => retry(shown)} />
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
      {edit && <EditPicker edit={edit} onClose={() => setEdit(null)} />}
    </>
  );
}

function Nothing(props: { isFiltered: boolean; onClear: () => void; onAdd: () => void }) {
  if (props.isFiltered) {
    return (
      <EmptyState icon="search" title={t("tasks.noMatch.title")} text={t("tasks.noMatch.text")}>
        <Button icon="x" onClick={props.onClear}>
          {t("tasks.clearFilters")}
        </Button>
      </EmptyState>
    );
  }
  return (
    <EmptyState icon="inbox" title={t("tasks.none.title")} text={t("tasks.none.text")}>
      <Button variant="primary" icon="plus" onClick={props.onAdd}>
        {t("tasks.none.action")}
      </Button>
    </EmptyState>
  );
}

function originOf(anchor: HTMLElement): HTMLElement {
  return anchor.closest<HTMLElement>("[data-id]") ?? anchor;
}

/** Where the selected rows are out of sight. */
function bulkButton(field: EditedField): HTMLElement | null {
  return document.querySelector(`.bulk-bar [data-field=${field}]`);
}
