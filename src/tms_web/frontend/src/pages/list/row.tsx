// biome-ignore-all lint/a11y/useSemanticElements: a grid of positioned rows; a table element cannot be virtual
// biome-ignore-all lint/a11y/useFocusableInteractive: a grid of positioned rows; a table element cannot be virtual

import type { ComponentChildren } from "preact";
import { useLayoutEffect, useRef } from "preact/hooks";
import { session, type Task } from "tms/api";
import { t } from "tms/i18n";
import { Link, TaskBadges } from "tms/module";
import { nameOf, tasks, users } from "tms/store";
import type { EditedField } from "tms/tasks";
import { changeTasks, rightsOf } from "tms/tasks";
import { Avatar, DueDate, Icon, PriorityBadge, StatusBadge } from "tms/ui";

/** What the list does for its rows; the same object in every render. */
export interface RowActions {
  hrefOf: (id: number) => string;
  open: (id: number) => void;
  focus: (id: number) => void;
  toggle: (id: number, isRange: boolean) => void;
  edit: (field: EditedField, id: number, anchor: HTMLElement) => void;
  endRename: (id: number) => void;
}

export interface RowProps {
  id: number;
  index: number;
  start: number;
  isFocused: boolean;
  isSelected: boolean;
  isOpen: boolean;
  isRenamed: boolean;
  actions: RowActions;
}

export function Row({ id, index, start, isFocused, isSelected, isOpen, isRenamed, actions }: RowProps) {
  const task = tasks.task(id).value;
  if (!task) return null;
  // The server has not numbered it yet: it can be neither opened nor selected.
  const isProvisional = id < 0;
  const tabIndex = isFocused ? 0 : -1;
  const onClick = (event: MouseEvent) => {
    const isControl = (event.target as Element).closest("a, button, input, label");
    if (!isControl && !isProvisional) actions.open(id);
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key !== "Enter" || event.target !== event.currentTarget || isProvisional) return;
    event.preventDefault();
    actions.open(id);
  };
  return (
    <div
      class="task-row"
      role="row"
      style={{ transform: `translateY(${start}px)` }}
      tabIndex={tabIndex}
      data-id={id}
      data-open={isOpen}
      aria-rowindex={index + 2}
      aria-selected={isSelected}
      aria-busy={isProvisional}
      onClick={onClick}
      onKeyDown={onKeyDown}
      onFocusIn={() => actions.focus(id)}
    >
      <div class="task-row__check" role="gridcell">
        <input
          class="checkbox-input"
          type="checkbox"
          aria-label={t("tasks.select", { title: task.title })}
          checked={isSelected}
          disabled={isProvisional}
          tabIndex={tabIndex}
          onClick={(event) => actions.toggle(id, event.shiftKey)}
        />
      </div>
      <div class="task-row__title" role="gridcell">
        {isRenamed ? (
          <TitleInput task={task} onEnd={() => actions.endRename(id)} />
        ) : isProvisional ? (
          <span class="truncate">{task.title}</span>
        ) : (
          <Link class="truncate" href={actions.hrefOf(id)} tabIndex={tabIndex} title={task.title}>
            {task.title}
          </Link>
        )}
        {!isProvisional && <TaskBadges taskId={id} />}
      </div>
      <Cell task={task} field="status" text={t(`status.${task.status}`)} {...{ tabIndex, actions }}>
        <StatusBadge status={task.status} />
      </Cell>
      <Cell task={task} field="priority" text={t(`priority.${task.priority}`)} {...{ tabIndex, actions }}>
        <PriorityBadge priority={task.priority} />
      </Cell>
      <AssigneeCell task={task} {...{ tabIndex, actions }} />
      <Cell task={task} field="due_date" text={task.due_date ?? t("tasks.day.none")} {...{ tabIndex, actions }}>
        {task.due_date ? <DueDate day={task.due_date} status={task.status} /> : <Icon name="calendar" />}
      </Cell>
    </div>
  );
}

interface CellProps {
  task: Task;
  tabIndex: number;
  actions: RowActions;
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

/** Enter and leaving save, Escape does not. What is typed stays while others change the task. */
function TitleInput({ task, onEnd }: { task: Task; onEnd: () => void }) {
  const input = useRef<HTMLInputElement>(null);
  const isOver = useRef(false);
  // At once, so that no key press is lost.
  useLayoutEffect(() => {
    input.current?.focus();
    input.current?.select();
  }, []);
  const end = (isSaved: boolean) => {
    if (isOver.current) return;
    isOver.current = true;
    const title = input.current?.value.trim();
    if (isSaved && title && title !== task.title) void changeTasks([task.id], { title });
    onEnd();
  };
  return (
    <input
      class="input task-row__input"
      ref={input}
      type="text"
      aria-label={t("tasks.field.title")}
      defaultValue={task.title}
      onBlur={() => end(true)}
      onKeyDown={(event) => {
        if (event.key !== "Enter" && event.key !== "Escape") return;
        event.preventDefault();
        event.stopPropagation();
        end(event.key === "Enter");
      }}
    />
  );
}
