// biome-ignore-all lint/a11y/useSemanticElements: positioned cards of a virtual list
// biome-ignore-all lint/a11y/noNoninteractiveTabindex: the card takes the keys that move and change it

import { session, type Task } from "tms/api";
import { t } from "tms/i18n";
import { Link, TaskBadges } from "tms/module";
import { nameOf, tasks, users } from "tms/store";
import { type Drag, dragProps, type EditedField, rightsOf, type TaskActions, taskProps } from "tms/tasks";
import { Avatar, DueDate, Icon, PriorityBadge, StatusBadge } from "tms/ui";
import type { GroupField } from "./groups.ts";

export interface CardProps {
  id: number;
  index: number;
  /** Pixels from the top of the column. */
  start: number;
  /** How many cards the column has; -1 if that is unknown. */
  count: number;
  group: GroupField;
  isFocused: boolean;
  isSelected: boolean;
  isOpen: boolean;
  drag: Drag | null;
  actions: TaskActions;
}

export function Card(props: CardProps) {
  const { id, index, start, count, group, isFocused, isSelected, isOpen, drag, actions } = props;
  const task = tasks.task(id).value;
  if (!task) return null;
  // The server has not numbered it yet.
  const isProvisional = id < 0;
  const tabIndex = isFocused ? 0 : -1;
  return (
    <div
      class="board-card"
      role="listitem"
      style={{ transform: `translateY(${start}px)` }}
      tabIndex={tabIndex}
      data-open={isOpen}
      data-selected={isSelected}
      data-done={task.status === "COMPLETED" || task.status === "ARCHIVED"}
      aria-label={task.title}
      aria-posinset={index + 1}
      aria-setsize={count}
      {...dragProps(id, drag)}
      {...taskProps(id, actions)}
    >
      <div class="board-card__title">
        {isProvisional ? (
          <span class="board-card__text">{task.title}</span>
        ) : (
          <Link class="board-card__text" href={actions.hrefOf(id)} tabIndex={tabIndex} title={task.title}>
            {task.title}
          </Link>
        )}
        {isSelected && (
          <span class="board-card__check">
            <Icon name="check" />
            <span class="visually-hidden">{t("board.isSelected")}</span>
          </span>
        )}
      </div>
      <div class="board-card__fields">
        <Fields {...{ task, group, tabIndex, actions }} />
      </div>
    </div>
  );
}

type FieldsProps = { task: Task; group: GroupField; tabIndex: number; actions: TaskActions };

/** Values that open the menu to change them; that of the columns is left out. */
function Fields({ task, group, tabIndex, actions }: FieldsProps) {
  const mayChange = task.id > 0 && rightsOf(task, session.user.value).mayChange;
  const user = task.assigned_to === null ? null : users.get(task.assigned_to);
  const name = user ? nameOf(user) : t("task.unassigned");
  const button = (field: EditedField) => ({
    type: "button" as const,
    class: `board-card__field board-card__field--${field}`,
    "data-field": field,
    "data-empty": task[field] === null,
    tabIndex,
    "aria-haspopup": "listbox" as const,
    disabled: !mayChange,
    onClick: (event: MouseEvent) => actions.edit(field, task.id, event.currentTarget as HTMLElement),
  });
  return (
    <>
      {group !== "status" && (
        <button {...button("status")}>
          <FieldName field="status" />
          <StatusBadge status={task.status} isCompact />
        </button>
      )}
      {group !== "priority" && (
        <button {...button("priority")}>
          <FieldName field="priority" />
          <PriorityBadge priority={task.priority} isCompact />
        </button>
      )}
      <button {...button("due_date")}>
        <FieldName field="due_date" />
        {task.due_date ? (
          <DueDate day={task.due_date} status={task.status} />
        ) : (
          <>
            <Icon name="calendar" />
            <span class="visually-hidden">{t("tasks.day.none")}</span>
          </>
        )}
      </button>
      {task.id > 0 && <TaskBadges taskId={task.id} />}
      {mayChange && (
        <button
          type="button"
          class="board-card__field board-card__move"
          tabIndex={tabIndex}
          aria-haspopup="listbox"
          aria-label={t("board.move", { title: task.title })}
          onClick={(event) => actions.edit(group, task.id, event.currentTarget)}
        >
          <Icon name="board" />
        </button>
      )}
      {group !== "assigned_to" && (
        <button {...button("assigned_to")} title={name}>
          <FieldName field="assigned_to" />
          <Avatar user={user} />
          <span class="visually-hidden">{name}</span>
        </button>
      )}
    </>
  );
}

/** For screen readers; the eye knows the field by its value. */
function FieldName({ field }: { field: EditedField }) {
  return <span class="visually-hidden">{t(`tasks.field.${field}`)}: </span>;
}
