// biome-ignore-all lint/a11y/useSemanticElements: a grid of positioned rows; a table element cannot be virtual
// biome-ignore-all lint/a11y/useFocusableInteractive: a grid of positioned rows; a table element cannot be virtual
/** The column heads; a press orders, with Shift by several columns. */
import { t } from "tms/i18n";
import type { OrderField, Ordering } from "tms/store";
import { type Column, toggleOrdering } from "tms/tasks";
import { Icon } from "tms/ui";

export interface ListHeadProps {
  columns: readonly Column[];
  ordering: readonly Ordering[];
  onOrder: (ordering: Ordering[]) => void;
  selection: "none" | "some" | "all";
  onSelectAll: (isSelected: boolean) => void;
}

/** What the API cannot order by. */
const UNORDERED = new Set<Column | "title">(["assigned_to", "created_by", "description"]);

export function ListHead({ columns, ordering, onOrder, selection, onSelectAll }: ListHeadProps) {
  return (
    <div class="task-head" role="row" aria-rowindex={1}>
      <div class="task-row__check" role="columnheader">
        <input
          class="checkbox-input"
          type="checkbox"
          aria-label={t("tasks.selectAll")}
          checked={selection === "all"}
          indeterminate={selection === "some"}
          onChange={(event) => onSelectAll(event.currentTarget.checked)}
        />
      </div>
      {(["title", ...columns] as const).map((column) => (
        <ColumnHead key={column} column={column} ordering={ordering} onOrder={onOrder} />
      ))}
    </div>
  );
}

type ColumnHeadProps = { column: Column | "title" } & Pick<ListHeadProps, "ordering" | "onOrder">;

function ColumnHead({ column, ordering, onOrder }: ColumnHeadProps) {
  const label = t(`tasks.field.${column}`);
  if (UNORDERED.has(column)) {
    return (
      <div class="task-head__cell" role="columnheader">
        {label}
      </div>
    );
  }
  const place = ordering.findIndex((one) => one === column || one === `-${column}`);
  const direction = place < 0 ? "none" : ordering[place] === column ? "ascending" : "descending";
  return (
    <div class="task-head__cell" role="columnheader" aria-sort={direction}>
      <button
        type="button"
        title={t("tasks.orderHint")}
        onClick={(event) => onOrder(toggleOrdering(ordering, column as OrderField, event.shiftKey))}
      >
        {label}
        {direction !== "none" && <Icon name={direction === "ascending" ? "arrowUp" : "arrowDown"} />}
        {direction !== "none" && ordering.length > 1 && <span class="number">{place + 1}</span>}
      </button>
    </div>
  );
}
