// biome-ignore-all lint/a11y/useSemanticElements: a grid of positioned rows; a table element cannot be virtual
// biome-ignore-all lint/a11y/useFocusableInteractive: a grid of positioned rows; a table element cannot be virtual

import type { ComponentChildren } from "preact";
import { session, type Task } from "tms/api";
import { formatRelativeDay, t } from "tms/i18n";
import { Link, TaskBadges } from "tms/module";
import { nameOf, tasks, users } from "tms/store";
import { Avatar, DueDate, Icon, PriorityBadge, RelativeTime, StatusBadge } from "tms/ui";
import { type Column, DEFAULT_COLUMNS } from "./columns.ts";
import type { EditedField } from "./edit-picker.tsx";
import { rightsOf } from "./rights.ts";
import { TitleInput } from "./title-input.tsx";
import { type TaskActions, taskProps } from "./use-task-actions.ts";

export interface TaskRowProps {
  id: number;
  /** Counted from 1, with the rows that are not rendered. */
  rowIndex: number;
  /** Pixels from the top of the rows. */
  start: number;
  isFocused: boolean;
  isSelected: boolean;
  isOpen: boolean;
  /** Whether its title is being edited. */
  isRenamed: boolean;
  onEndRename: (id: number) => void;
  actions: TaskActions;
  /** The columns after the title. */
  fields?: readonly Column[];
  /** The control before the title; a box that selects the row by default. */
  control?: (task: Task, tabIndex: number) => ComponentChildren;
  isDone?: boolean;
}

/** As many characters of a description fit into the widest column. */
const BEGINNING = 200;

/** A row of a virtual grid of tasks. */
export function TaskRow(props: TaskRowProps) {
  const {
    id,
    rowIndex,
    start,
    isFocused,
    isSelected,
    isOpen,
    isRenamed,
    actions,
    control,
    fields = DEFAULT_COLUMNS,
  } = props;
  const task = tasks.task(id).value;
  if (!task) return null;
  const isProvisional = id < 0;
  const tabIndex = isFocused ? 0 : -1;
  return (
    <div
      class="task-row"
      role="row"
      style={{ transform: `translateY(${start}px)` }}
      tabIndex={tabIndex}
      data-open={isOpen}
      data-done={props.isDone}
      aria-rowindex={rowIndex}
      aria-selected={isSelected}
      {...taskProps(id, actions)}
    >
      <div class="task-row__check" role="gridcell">
        {control ? (
          control(task, tabIndex)
        ) : (
          <input
            class="checkbox-input"
            type="checkbox"
            aria-label={t("tasks.select", { title: task.title })}
            checked={isSelected}
            disabled={isProvisional}
            tabIndex={tabIndex}
            onClick={(event) => actions.toggle(id, event.shiftKey)}
          />
        )}
      </div>
      <div class="task-row__title" role="gridcell">
        {isRenamed ? (
          <TitleInput task={task} onEnd={() => props.onEndRename(id)} />
        ) : isProvisional ? (
          <span class="truncate">{task.title}</span>
        ) : (
          <Link class="truncate" href={actions.hrefOf(id)} tabIndex={tabIndex} title={task.title}>
            {task.title}
          </Link>
        )}
        {!isProvisional && <TaskBadges taskId={id} />}
      </div>
      {fields.map((field) => (
        <FieldCell key={field} {...{ task, field, tabIndex, actions }} />
      ))}
    </div>
  );
}

interface CellProps {
  task: Task;
  tabIndex: number;
  actions: TaskActions;
}

function FieldCell({ field, ...rest }: CellProps & { field: Column }) {
  const { task } = rest;
  switch (field) {
    case "status":
      return (
        <Cell {...rest} field={field} text={t(`status.${task.status}`)}>
          <StatusBadge status={task.status} />
        </Cell>
      );
    case "priority":
      return (
        <Cell {...rest} field={field} text={t(`priority.${task.priority}`)}>
          <PriorityBadge priority={task.priority} />
        </Cell>
      );
    case "assigned_to":
      return <AssigneeCell {...rest} />;
    case "due_date":
      return (
        <Cell {...rest} field={field} text={task.due_date ? formatRelativeDay(task.due_date) : t("tasks.day.none")}>
          {task.due_date ? <DueDate day={task.due_date} status={task.status} /> : <Icon name="calendar" />}
        </Cell>
      );
    default:
      return (
        <div class={`task-row__cell task-row__cell--text task-row__cell--${field}`} role="gridcell">
          <TextOf task={task} field={field} />
        </div>
      );
  }
}

/** What cannot be changed in the list. */
function TextOf({ task, field }: { task: Task; field: Exclude<Column, EditedField> }) {
  // The server has not numbered it yet.
  if (task.id < 0 && field !== "description") return null;
  switch (field) {
    case "created_by": {
      const user = users.get(task.created_by);
      return (
        <>
          <Avatar user={user} />
          <span class="truncate">{user && nameOf(user)}</span>
        </>
      );
    }
    case "created_at":
    case "updated_at":
      return <RelativeTime at={task[field]} />;
    case "id":
      return <span class="number">{task.id}</span>;
    case "description":
      return <span class="truncate muted">{task.description.slice(0, BEGINNING)}</span>;
  }
}

function AssigneeCell({ task, ...rest }: CellProps) {
  const user = task.assigned_to === null ? null : users.get(task.assigned_to);
  const name = user ? nameOf(user) : t("task.unassigned");
  return (
    <Cell task={task} field="assigned_to" text={name} {...rest}>
      <Avatar user={user} />
      <span class="truncate">{user && name}</span>
    </Cell>
  );
}

/** A value that opens the menu to change it. */
function Cell(props: CellProps & { field: EditedField; text: string; children: ComponentChildren }) {
  const { task, field, text, tabIndex, actions, children } = props;
  return (
    <div class={`task-row__cell task-row__cell--${field}`} role="gridcell">
      <button
        type="button"
        data-field={field}
        data-empty={task[field] === null}
        tabIndex={tabIndex}
        aria-haspopup="listbox"
        aria-label={`${t(`tasks.field.${field}`)}: ${text}`}
        disabled={task.id < 0 || !rightsOf(task, session.user.value).mayChange}
        onClick={(event) => actions.edit(field, task.id, event.currentTarget)}
      >
        {children}
      </button>
    </div>
  );
}
