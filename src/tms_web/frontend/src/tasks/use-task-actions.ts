/** What the rows and cards of a page can be asked to do: with the mouse, with Enter, and by the shortcuts. */
import { useMemo, useRef, useState } from "preact/hooks";
import { mayChangeAny } from "./actions.ts";
import type { EditedField } from "./edit-picker.tsx";
import type { Selection } from "./selection.ts";

/** The same object in every render. */
export interface TaskActions {
  /** The path of the task's panel. */
  hrefOf: (id: number) => string;
  open: (id: number) => void;
  focus: (id: number) => void;
  /** Selects the task or takes it out of the selection; `isRange` selects all from the one before. */
  toggle: (id: number, isRange: boolean) => void;
  edit: (field: EditedField, id: number, anchor: HTMLElement) => void;
}

export interface TaskActionsOptions extends Pick<TaskActions, "hrefOf" | "open" | "edit"> {
  selection: Selection;
  /** The tasks among which a range is selected. */
  orderOf: (id: number) => readonly number[];
}

export function useTaskActions(options: TaskActionsOptions): TaskActions {
  const latest = useRef(options);
  latest.current = options;
  const { hrefOf, open, selection } = options;
  return useMemo(
    () => ({
      hrefOf,
      open,
      focus: (id) => {
        selection.focused.value = id;
      },
      toggle: (id, isRange) => (isRange ? selection.extend(id, latest.current.orderOf(id)) : selection.toggle(id)),
      edit: (...args) => latest.current.edit(...args),
    }),
    [hrefOf, open, selection],
  );
}

export interface Renaming {
  /** The task whose title is being edited in its row. */
  renamedId: number | null;
  /** Begins with the focused task. */
  rename: () => void;
  endRename: (id: number) => void;
}

/** `focus` gives the focus back to the row. */
export function useRenaming(selection: Selection, focus: (id: number) => void): Renaming {
  const [renamedId, setRenamed] = useState<number | null>(null);
  const latest = useRef(focus);
  latest.current = focus;
  return useMemo(
    () => ({
      renamedId,
      rename: () => {
        const id = selection.focused.peek();
        if (id !== null && mayChangeAny([id])) setRenamed(id);
      },
      endRename: (id) => {
        setRenamed(null);
        latest.current(id);
      },
    }),
    [renamedId, selection],
  );
}

/**
 * The props of a row or card: a press with Ctrl or Shift selects, any other one and Enter open. A task with a negative id,
 * which the server has not numbered yet, can be neither opened nor selected.
 */
export function taskProps(id: number, { open, toggle, focus }: TaskActions) {
  const isProvisional = id < 0;
  return {
    "data-id": id,
    "aria-busy": isProvisional,
    onClick: (event: MouseEvent) => {
      const isControl = (event.target as Element).closest("a, button, input, label");
      if (isControl || isProvisional) return;
      if (event.shiftKey || event.ctrlKey || event.metaKey) toggle(id, event.shiftKey);
      else open(id);
    },
    onKeyDown: (event: KeyboardEvent) => {
      if (event.key !== "Enter" || event.target !== event.currentTarget || isProvisional) return;
      event.preventDefault();
      open(id);
    },
    onFocusIn: () => focus(id),
  };
}
