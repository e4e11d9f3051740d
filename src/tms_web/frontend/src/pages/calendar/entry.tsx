/** A task on its day. */
import type { Task } from "tms/api";
import { t } from "tms/i18n";
import { Link } from "tms/module";
import { nameOf, tasks, users } from "tms/store";
import { currentDay, type Drag, dragProps } from "tms/tasks";
import { Avatar, PriorityMark } from "tms/ui";

export interface EntryProps {
  id: number;
  href: string;
  tabIndex?: number;
  /** What is dragged now; undefined where nothing can be dragged. */
  drag?: Drag | null;
  onOpen?: () => void;
}

export function Entry({ id, href, tabIndex = 0, drag, onOpen }: EntryProps) {
  const task = tasks.task(id).value;
  if (!task) return null;
  const content = (
    <>
      <PriorityMark priority={task.priority} />
      <span class="calendar-entry__title">{task.title}</span>
      {task.assigned_to !== null && <Avatar user={users.get(task.assigned_to)} />}
    </>
  );
  const marks = { "data-id": id, "data-done": isDone(task), "data-overdue": isOverdue(task) };
  // The server has not numbered it yet: it can be neither opened nor moved.
  if (id < 0) {
    return (
      <span class="calendar-entry" aria-busy="true" {...marks}>
        {content}
      </span>
    );
  }
  return (
    <Link
      class="calendar-entry"
      href={href}
      title={task.title}
      tabIndex={tabIndex}
      aria-label={labelOf(task)}
      {...marks}
      {...(drag !== undefined && dragProps(id, drag))}
      onClick={onOpen}
    >
      {content}
    </Link>
  );
}

export function isDone({ status }: Task): boolean {
  return status === "COMPLETED" || status === "ARCHIVED";
}

/** An open task whose day has passed. */
export function isOverdue(task: Task): boolean {
  return task.due_date !== null && task.due_date < currentDay.value && !isDone(task);
}

function labelOf(task: Task): string {
  const user = task.assigned_to === null ? null : users.get(task.assigned_to);
  const parts = [
    task.title,
    t(`priority.${task.priority}`),
    user && nameOf(user),
    isOverdue(task) && t("calendar.overdue"),
    isDone(task) && t(`status.${task.status}`),
  ];
  return parts.filter(Boolean).join(", ");
}

/** Open tasks first, each group in the order of the list. */
export function openFirst(ids: readonly number[]): number[] {
  const found = ids.map((id) => tasks.task(id).value);
  const isOpen = (_: number, index: number) => found[index] !== undefined && !isDone(found[index]);
  return [...ids.filter(isOpen), ...ids.filter((id, index) => !isOpen(id, index))];
}
