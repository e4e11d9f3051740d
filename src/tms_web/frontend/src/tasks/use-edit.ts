/** The menu that changes a field of one row, or of all that a shortcut or the bulk bar means. */
import { useState } from "preact/hooks";
import { mayChangeAny } from "./actions.ts";
import type { Edit, EditedField } from "./edit-picker.tsx";
import type { Selection } from "./selection.ts";

export interface Editing {
  /** The open menu, for `EditPicker`. */
  edit: Edit | null;
  close: () => void;
  /** Opens the menu for one task next to the element that was pressed. */
  editOne: (field: EditedField, id: number, anchor: HTMLElement) => void;
  /** Opens it for the selected tasks, or else the focused one; next to `from` where a button was pressed. */
  editTargets: (field: EditedField, from?: HTMLElement) => void;
}

/** `anchorOf` finds the element of a field of the focused task, if it is in sight. */
export function useEdit(selection: Selection, anchorOf: (field: EditedField) => HTMLElement | null): Editing {
  const [edit, setEdit] = useState<Edit | null>(null);
  const show = (field: EditedField, ids: readonly number[], anchor: HTMLElement) =>
    setEdit({ field, ids, anchor: { current: anchor }, origin: anchor.closest<HTMLElement>("[data-id]") ?? anchor });
  return {
    edit,
    close: () => setEdit(null),
    editOne: (field, id, anchor) => show(field, [id], anchor),
    editTargets: (field, from) => {
      const anchor = from ?? anchorOf(field) ?? bulkButton(field);
      const ids = selection.targets();
      if (anchor && mayChangeAny(ids)) show(field, ids, anchor);
    },
  };
}

/** Where the selected tasks are out of sight. */
function bulkButton(field: EditedField): HTMLElement | null {
  return document.querySelector(`.bulk-bar [data-field=${field}]`);
}
