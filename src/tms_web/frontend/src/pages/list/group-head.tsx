// biome-ignore-all lint/a11y/useSemanticElements: a grid of positioned rows; a table element cannot be virtual
// biome-ignore-all lint/a11y/useFocusableInteractive: a grid of positioned rows; a table element cannot be virtual
/** The head of a group: its name, the number of its tasks, and whether they are shown. */
import { PRIORITIES, STATUSES } from "tms/api";
import { formatNumber, t } from "tms/i18n";
import { nameOf, type TaskList, users } from "tms/store";
import { type Grouping, useCount } from "tms/tasks";
import { Avatar, Icon, PriorityMark, StatusMark } from "tms/ui";
import type { ShownSection } from "./rows.ts";

export interface GroupHeadProps {
  section: ShownSection;
  grouping: Grouping;
  columnCount: number;
  rowIndex: number;
  start: number;
  /** Whether it stays at the top while its tasks scroll. */
  isSticky: boolean;
  onToggle: () => void;
}

export function GroupHead({ section, grouping, columnCount, rowIndex, start, isSticky, onToggle }: GroupHeadProps) {
  return (
    <div
      class="task-group"
      role="row"
      aria-rowindex={rowIndex}
      data-head
      data-group={section.key}
      data-sticky={isSticky}
      style={{ transform: isSticky ? "" : `translateY(${start}px)` }}
    >
      <div class="task-group__cell" role="rowheader" aria-colspan={columnCount}>
        <button type="button" aria-expanded={!section.isCollapsed} onClick={onToggle}>
          <Icon name={section.isCollapsed ? "chevronRight" : "chevronDown"} />
          <Mark grouping={grouping} value={section.key} />
          <span class="truncate">{groupName(grouping, section.key)}</span>
          {section.list && <Count list={section.list} />}
        </button>
      </div>
    </div>
  );
}

function Count({ list }: { list: TaskList }) {
  const count = useCount(list);
  return <span class="task-group__count">{count !== null && formatNumber(count)}</span>;
}

function Mark({ grouping, value }: { grouping: Grouping; value: string }) {
  const status = STATUSES.find((one) => one === value);
  const priority = PRIORITIES.find((one) => one === value);
  if (grouping === "status" && status) return <StatusMark status={status} />;
  if (grouping === "priority" && priority) return <PriorityMark priority={priority} />;
  if (grouping === "assignee") return <Avatar user={value === "none" ? null : users.get(Number(value))} />;
  return <Icon name="calendar" />;
}

export function groupName(grouping: Grouping, value: string): string {
  if (grouping === "status") return t(`status.${value}`);
  if (grouping === "priority") return t(`priority.${value}`);
  if (grouping === "due") return t(`tasks.dueGroup.${value}`);
  const user = value === "none" ? undefined : users.get(Number(value));
  return user ? nameOf(user) : t("task.unassigned");
}
