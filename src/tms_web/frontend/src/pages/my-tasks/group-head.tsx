// biome-ignore-all lint/a11y/useSemanticElements: a grid of positioned rows; a table element cannot be virtual
// biome-ignore-all lint/a11y/useFocusableInteractive: a grid of positioned rows; a table element cannot be virtual
import { formatDate, formatNumber, t } from "tms/i18n";
import { Icon, IconButton } from "tms/ui";
import { type Group, toggleGroup } from "./use-sections.ts";

export interface GroupHeadProps {
  group: Group;
  rowIndex: number;
  start: number;
  onAdd: (group: Group) => void;
}

/** The heading of a section: a press collapses it, the plus adds a task to it. */
export function GroupHead({ group, rowIndex, start, onAdd }: GroupHeadProps) {
  const { name, count, newDay, isOpen } = group;
  const title = t(`my-tasks.section.${name}`);
  const isOneDay = name === "today" || name === "tomorrow";
  return (
    <div
      class={`my-tasks__head my-tasks__head--${name}`}
      role="row"
      data-head
      aria-rowindex={rowIndex}
      style={{ transform: `translateY(${start}px)` }}
    >
      <div class="my-tasks__heading" role="gridcell">
        <h2>
          <button type="button" aria-expanded={isOpen} onClick={() => toggleGroup(name)}>
            <Icon name={isOpen ? "chevronDown" : "chevronRight"} />
            {title}
            {count !== null && (
              <span class="my-tasks__count number">
                <span aria-hidden="true">{formatNumber(count)}</span>
                <span class="visually-hidden">{t("my-tasks.count", { count })}</span>
              </span>
            )}
          </button>
        </h2>
        {isOneDay && newDay && (
          <span class="muted">{formatDate(newDay, { weekday: "long", day: "numeric", month: "long" })}</span>
        )}
        {newDay !== undefined && (
          <IconButton
            icon="plus"
            size="small"
            class="my-tasks__add"
            label={t("my-tasks.add", { section: title })}
            onClick={() => onAdd(group)}
          />
        )}
      </div>
    </div>
  );
}
