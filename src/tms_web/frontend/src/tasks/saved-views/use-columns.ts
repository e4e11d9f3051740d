import { signal } from "@preact/signals";
import { savedViews } from "tms/store";
import { type Column, chooseColumns, columns, readColumns } from "../columns.ts";

/** Columns that were chosen while a saved view is open, until they are saved in it or the site is left. */
const drafts = signal<ReadonlyMap<number, readonly Column[]>>(new Map());

/** The columns of the open saved view, else those of the device, and what changes them. */
export function useColumns(savedId: number | null): [readonly Column[], (next: readonly Column[]) => void] {
  const saved = savedId === null ? null : savedViews.get(savedId)?.columns;
  if (savedId === null || !saved) return [columns.value, chooseColumns];
  const choose = (next: readonly Column[]) => {
    drafts.value = new Map([...drafts.peek(), [savedId, next]]);
  };
  return [drafts.value.get(savedId) ?? readColumns(saved), choose];
}
