/** What every page with tasks is made of: filters in the address, quick add, menus that change tasks, the open panel. */
export { changeTasks, createTask, deleteTasks, mayChangeAny, type QuickTask, sayWhy } from "./actions.ts";
export { BulkBar, type BulkBarProps } from "./bulk-bar.tsx";
export {
  COLUMNS,
  type Column,
  chooseColumns,
  columnStyle,
  columns,
  DEFAULT_COLUMNS,
  moveColumn,
  readColumns,
} from "./columns.ts";
export { ColumnsMenu, type ColumnsMenuProps } from "./columns-menu.tsx";
export { currentDay } from "./current-day.ts";
export { addDays, isDay, nextWeekday } from "./days.ts";
export { type Drag, DragHint, type DragRules, dragProps, useDrag } from "./drag/index.ts";
export { DUE_CHOICES, type Due, type DueRange, dueText, makeRange } from "./due.ts";
export { type Edit, type EditedField, EditPicker, userOptions } from "./edit-picker.tsx";
export { FilterBar, type FilterBarProps } from "./filter-bar.tsx";
export { followCounts } from "./follow-counts.ts";
export { DUE_GROUPS, type Group, groupsOf } from "./groups.ts";
export { ListEnd, LoadError, retry } from "./list-end.tsx";
export { addMonths, monthWeeks, weekOf } from "./months.ts";
export { NoMatch } from "./no-match.tsx";
export { PanelSlot } from "./panel-slot.tsx";
export {
  EMPTY_VIEW,
  GROUPINGS,
  type Grouping,
  hasFilters,
  type ListView,
  type Person,
  readView,
  toggleOrdering,
  toListQuery,
  writeView,
} from "./query.ts";
export { QuickAdd, type QuickAddProps } from "./quick-add.tsx";
export { type Rights, rightsOf } from "./rights.ts";
export { SavedViews, type SavedViewsProps, useColumns } from "./saved-views/index.ts";
export { SearchBox, type SearchBoxProps } from "./search-box.tsx";
export { Selection } from "./selection.ts";
export { TaskRow, type TaskRowProps } from "./task-row.tsx";
export { TasksFrame, type TasksFrameProps } from "./tasks-frame.tsx";
export { TitleInput } from "./title-input.tsx";
export { useAssignees } from "./use-assignees.ts";
export { useCount } from "./use-count.ts";
export { type Editing, useEdit } from "./use-edit.ts";
export { useList, useOptionalList } from "./use-list.ts";
export { type ListCommands, useListShortcuts } from "./use-list-shortcuts.ts";
export { type RowFocus, useRowFocus } from "./use-row-focus.ts";
export { type Section, type Sections, useSections } from "./use-sections.ts";
export { type TaskActions, taskProps, useRenaming, useTaskActions } from "./use-task-actions.ts";
export { type TaskView, useTaskView } from "./use-task-view.ts";
export { ViewSearch, type ViewSearchProps } from "./view-search.tsx";
export { type Heads, useVirtualRows, type VirtualOptions, type VirtualRows } from "./virtual.ts";
export {
  type DayRange,
  type DueSection,
  dueSections,
  firstDayOfWeek,
  localeOf,
  startOfWeek,
  weekdayOf,
} from "./weeks.ts";
