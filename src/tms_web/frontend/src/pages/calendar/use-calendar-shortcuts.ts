import { t } from "tms/i18n";
import { useShortcuts } from "tms/module";
import type { EditedField } from "tms/tasks";
import type { Mode } from "./use-calendar-view.ts";

export interface CalendarCommands {
  add: () => void;
  search: () => void;
  step: (count: number) => void;
  today: () => void;
  mode: (mode: Mode) => void;
  edit: (field: EditedField) => void;
}

const FIELD_KEYS: [string, EditedField][] = [
  ["s", "status"],
  ["p", "priority"],
  ["a", "assigned_to"],
  ["d", "due_date"],
];

/** The keys of the calendar; those of the task panel win while it is open. */
export function useCalendarShortcuts({ add, search, step, today, mode, edit }: CalendarCommands): void {
  useShortcuts([
    { keys: "c", label: t("tasks.key.add"), run: add },
    { keys: "/", label: t("tasks.key.search"), run: search },
    { keys: "j", label: t("calendar.next"), run: () => step(1) },
    { keys: "k", label: t("calendar.previous"), run: () => step(-1) },
    { keys: "t", label: t("calendar.today"), run: today },
    { keys: "m", label: t("calendar.mode.month"), run: () => mode("month") },
    { keys: "w", label: t("calendar.mode.week"), run: () => mode("week") },
    ...FIELD_KEYS.map(([keys, field]) => ({ keys, label: t(`tasks.key.${field}`), run: () => edit(field) })),
  ]);
}
