export { SavedViews, type SavedViewsProps } from "./saved-views.tsx";
export { useColumns } from "./use-columns.ts";
