/** The events of a task as sentences. */
import type { HistoryEvent, Priority, Status } from "tms/api";
import { formatDate, hasMessage, t } from "tms/i18n";

export type NameOf = (id: number) => string;

/**
 * The sentences of one event, one for each field. `before` is the event before it: a task that is created after its
 * deletion was restored. `name` gives a user's name.
 */
export function sentences(event: HistoryEvent, before: HistoryEvent | undefined, name: NameOf): string[] {
  const actor = event.actor === null ? t("taskPanel.history.commandLine") : name(event.actor);
  const changes = Object.entries(event.changes).map(([field, [from, to]]) => sentence(actor, field, from, to, name));
  switch (event.event) {
    case "created":
      return [t(`taskPanel.history.${before?.event === "deleted" ? "restored" : "created"}`, { actor }), ...changes];
    case "deleted":
      return [t("taskPanel.history.deleted", { actor })];
    default:
      return changes.length ? changes : [t("taskPanel.history.changed", { actor })];
  }
}

/** The value of a field as users read it. */
export function valueText(field: string, value: unknown, name: NameOf): string {
  if (value === null || value === undefined || value === "") return t("taskPanel.none");
  switch (field) {
    case "status":
      return t(`status.${value as Status}`);
    case "priority":
      return t(`priority.${value as Priority}`);
    case "due_date":
      return formatDate(String(value));
    case "assigned_to":
    case "created_by":
      return name(Number(value));
    default:
      return String(value);
  }
}

function sentence(actor: string, field: string, from: unknown, to: unknown, name: NameOf): string {
  const key = `taskPanel.history.${field}`;
  const form = `${key}.${isEmpty(from) ? "set" : isEmpty(to) ? "removed" : "replaced"}`;
  const values = { actor, from: valueText(field, from, name), to: valueText(field, to, name) };
  if (hasMessage(form)) return t(form, values);
  return hasMessage(key) ? t(key, values) : t("taskPanel.history.otherField", { actor, field });
}

function isEmpty(value: unknown): boolean {
  return value === null || value === undefined || value === "";
}
