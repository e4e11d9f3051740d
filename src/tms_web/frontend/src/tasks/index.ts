/** What every page with tasks is made of: filters in the address, quick add, menus that change tasks, the open panel. */
export { changeTasks, createTask, deleteTasks, mayChangeAny, type QuickTask } from "./actions.ts";
export { addDays, nextWeekday } from "./days.ts";
export { DUE_CHOICES, type Due, type DueRange, dueText, makeRange } from "./due.ts";
export { type Edit, type EditedField, EditPicker, userOptions } from "./edit-picker.tsx";
export { FilterBar, type FilterBarProps } from "./filter-bar.tsx";
export { PanelSlot } from "./panel-slot.tsx";
export {
  EMPTY_VIEW,
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
export { SearchBox, type SearchBoxProps } from "./search-box.tsx";
export { TasksFrame, type TasksFrameProps } from "./tasks-frame.tsx";
export { useList } from "./use-list.ts";
export { type TaskView, useTaskView } from "./use-task-view.ts";
export { useVirtualRows, type VirtualRows } from "./virtual.ts";
