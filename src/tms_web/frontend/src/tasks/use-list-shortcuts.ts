import { t } from "tms/i18n";
import { useShortcuts } from "tms/module";
import type { EditedField } from "./edit-picker.tsx";

export interface ListCommands {
  add: () => void;
  search: () => void;
  move: (step: number) => void;
  toggle: () => void;
  edit: (field: EditedField) => void;
  rename?: () => void;
  clear: () => void;
}

const FIELD_KEYS: [string, EditedField][] = [
  ["s", "status"],
  ["p", "priority"],
  ["a", "assigned_to"],
  ["d", "due_date"],
];

/** The keys of the list; those of the task panel win while it is open. */
export function useListShortcuts({ add, search, move, toggle, edit, rename, clear }: ListCommands): void {
  const entry = (keys: string, label: string, run: () => void) => ({
    keys,
    label,
    run: (event: KeyboardEvent) => {
      event.preventDefault();
      run();
    },
  });
  useShortcuts([
    entry("c", t("tasks.key.add"), add),
    entry("/", t("tasks.key.search"), search),
    entry("j", t("tasks.key.down"), () => move(1)),
    entry("k", t("tasks.key.up"), () => move(-1)),
    entry("x", t("tasks.key.select"), toggle),
    ...FIELD_KEYS.map(([keys, field]) => entry(keys, t(`tasks.key.${field}`), () => edit(field))),
    ...(rename ? [entry("e", t("tasks.key.rename"), rename)] : []),
    entry("escape", t("tasks.clearSelection"), clear),
  ]);
}
