/** What can be done with the selected rows. */
import type { ComponentChildren } from "preact";
import { t } from "tms/i18n";
import { Button, IconButton, type IconName } from "tms/ui";
import { bulkProgress } from "./actions.ts";
import type { EditedField } from "./edit-picker.tsx";

export interface BulkBarProps {
  count: number;
  onEdit: (field: EditedField, anchor: HTMLElement) => void;
  onDelete: () => void;
  onClear: () => void;
  /** Behind the number of selected tasks. */
  children?: ComponentChildren;
}

const FIELDS: [EditedField, IconName][] = [
  ["status", "myTasks"],
  ["priority", "flag"],
  ["assigned_to", "user"],
  ["due_date", "calendar"],
];

export function BulkBar({ count, onEdit, onDelete, onClear, children }: BulkBarProps) {
  const progress = bulkProgress.value;
  return (
    <div class="bulk-bar" role="toolbar" aria-label={t("tasks.bulk")}>
      <span class="bulk-bar__count" role="status">
        {progress
          ? t("tasks.bulkProgress", { done: progress.done, total: progress.total })
          : t("tasks.selected", { count })}
      </span>
      {progress ? (
        <Button size="small" onClick={progress.cancel}>
          {t("ui.cancel")}
        </Button>
      ) : (
        children
      )}
      {FIELDS.map(([field, icon]) => (
        <Button
          key={field}
          data-field={field}
          size="small"
          icon={icon}
          aria-label={t(`tasks.field.${field}`)}
          onClick={(event: MouseEvent) => onEdit(field, event.currentTarget as HTMLElement)}
        >
          <span class="bulk-bar__name">{t(`tasks.field.${field}`)}</span>
        </Button>
      ))}
      <IconButton icon="trash" size="small" variant="danger" label={t("tasks.delete.action")} onClick={onDelete} />
      <IconButton icon="x" size="small" label={t("tasks.clearSelection")} keys="escape" onClick={onClear} />
    </div>
  );
}
