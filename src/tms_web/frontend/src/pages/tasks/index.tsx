/** The list of tasks. The address is its state: filters, search, order, and the open task. */
import { useMemo, useRef, useState } from "preact/hooks";
import { t, today } from "tms/i18n";
import { navigate, type PageProps, useTitle } from "tms/module";
import { Button, EmptyState, ErrorState, SkeletonRows } from "tms/ui";
import { deleteTasks, mayChangeAny } from "./actions.ts";
import { BulkBar } from "./bulk-bar.tsx";
import { type Edit, type EditedField, EditPicker } from "./edit-picker.tsx";
import { FilterBar } from "./filter-bar.tsx";
import { PanelSlot } from "./panel-slot.tsx";
import { EMPTY_VIEW, hasFilters, type ListView, readView, toListQuery, writeView } from "./query.ts";
import { QuickAdd } from "./quick-add.tsx";
import type { RowActions } from "./row.tsx";
import { SearchBox } from "./search-box.tsx";
import { Selection } from "./selection.ts";
import { type ListHandle, retry, TaskRows } from "./task-list.tsx";
import { useList } from "./use-list.ts";
import { useListShortcuts } from "./use-list-shortcuts.ts";

export default function TasksPage({ params, query }: PageProps) {
  useTitle(t("tasks.title"));
  const view = readView(query);
  const search = writeView(view);
  const openId = Number(params.id) || null;
  const { list, shown } = useList(toListQuery(view, today()));
  const [selection] = useState(() => new Selection());
  const [edit, setEdit] = useState<Edit | null>(null);
  const [renamedId, setRenamed] = useState<number | null>(null);
  const rows = useRef<ListHandle>(null);
  const searchInput = useRef<HTMLInputElement>(null);
  const addInput = useRef<HTMLInputElement>(null);

  const goTo = (next: ListView, options?: { replace?: boolean }) => {
    navigate(`${openId ? `/tasks/${openId}` : "/tasks"}${writeView(next)}`, options);
  };
  const clearFilters = () => goTo({ ...EMPTY_VIEW, ordering: view.ordering });
  const actions = useMemo<RowActions>(
    () => ({
      hrefOf: (id) => `/tasks/${id}${search}`,
      open: (id) => navigate(`/tasks/${id}${search}`),
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
    [search, shown],
  );
  const editTargets = (field: EditedField, from?: HTMLElement) => {
    const row = rows.current?.row();
    const anchor = from ?? row?.querySelector<HTMLElement>(`[data-field=${field}]`) ?? bulkButton(field);
    const ids = selection.targets();
    if (anchor && mayChangeAny(ids)) setEdit({ field, ids, anchor: { current: anchor }, origin: originOf(anchor) });
  };
  const remove = async () => {
    if (await deleteTasks(selection.targets())) selection.clear();
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
    <div class="tasks" data-panel={openId !== null}>
      <section class="tasks__main" aria-labelledby="tasks-heading">
        <header class="tasks__head">
          <h1 id="tasks-heading" tabIndex={-1}>
            {t("tasks.title")}
          </h1>
          <SearchBox
            input={searchInput}
            text={view.q}
            onSearch={(q) => goTo({ ...view, q }, { replace: view.q !== "" && q !== "" })}
          />
        </header>
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
      </section>
      {edit && <EditPicker edit={edit} onClose={() => setEdit(null)} />}
      {openId !== null && (
        <PanelSlot
          id={openId}
          onClose={() => {
            navigate(`/tasks${search}`);
            rows.current?.focus(openId);
          }}
        />
      )}
    </div>
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
