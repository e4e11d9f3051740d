/** What can be done with the selected rows. */
import { t } from "tms/i18n";
import { Button, IconButton, type IconName } from "tms/ui";
import type { EditedField } from "./edit-picker.tsx";

export interface BulkBarProps {
  count: number;
  onEdit: (field: EditedField, anchor: HTMLElement) => void;
  onDelete: () => void;
  onClear: () => void;
}

const FIELDS: [EditedField, IconName][] = [
  ["status", "myTasks"],
  ["priority", "flag"],
  ["assigned_to", "user"],
  ["due_date", "calendar"],
];

export function BulkBar({ count, onEdit, onDelete, onClear }: BulkBarProps) {
  return (
    <div class="bulk-bar" role="toolbar" aria-label={t("tasks.bulk")}>
      <span class="bulk-bar__count" role="status">
        {t("tasks.selected", { count })}
      </span>
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
