import type { ComponentChildren } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { PRIORITIES, type Priority, STATUSES, type Status, type Task } from "tms/api";
import { formatDate, formatRelativeDay, t } from "tms/i18n";
import { nameOf, users } from "tms/store";
import {
  Avatar,
  Combobox,
  DueDate,
  Field,
  IconButton,
  PriorityBadge,
  PriorityMark,
  StatusBadge,
  StatusMark,
  TextInput,
} from "tms/ui";
import { saveChange } from "./changing.ts";
import { useDraft } from "./draft.ts";
import { userName } from "./names.ts";

/** Status, priority, assignee and due date. */
export function Properties({ task, mayChange }: { task: Task; mayChange: boolean }) {
  if (!mayChange) return <ReadOnlyProperties task={task} />;
  const assignee = task.assigned_to === null ? undefined : userName(task.assigned_to);
  const people = users.all.value.map((user) => ({
    value: user.id,
    label: nameOf(user),
    hint: `@${user.username}`,
    mark: <Avatar user={user} />,
  }));
  const nobody = { value: null, label: t("task.unassigned"), mark: <Avatar user={null} /> };
  return (
    <div class="task-panel__properties">
      <Field label={t("taskPanel.status")}>
        <Combobox<Status>
          label={t("taskPanel.status")}
          options={STATUSES.map((value) => ({
            value,
            label: t(`status.${value}`),
            mark: <StatusMark status={value} />,
          }))}
          selected={[task.status]}
          onPick={(status) => void saveChange(task.id, { status })}
        />
      </Field>
      <Field label={t("taskPanel.priority")}>
        <Combobox<Priority>
          label={t("taskPanel.priority")}
          options={PRIORITIES.map((value) => ({
            value,
            label: t(`priority.${value}`),
            mark: <PriorityMark priority={value} />,
          }))}
          selected={[task.priority]}
          onPick={(priority) => void saveChange(task.id, { priority })}
        />
      </Field>
      <Field label={t("taskPanel.assignee")}>
        <Combobox<number | null>
          label={t("taskPanel.assignee")}
          options={[nobody, ...people]}
          selected={[task.assigned_to]}
          // An account that was switched off is not among the options.
          {...(assignee !== undefined && { placeholder: assignee })}
          onPick={(assigned_to) => void saveChange(task.id, { assigned_to })}
        />
      </Field>
      <DueField task={task} />
    </div>
  );
}

// In milliseconds: while a day is typed, the browser reports each digit as a day of its own.
const TYPING = 1200;

function DueField({ task }: { task: Task }) {
  const input = useRef<HTMLInputElement>(null);
  const timer = useRef<ReturnType<typeof setTimeout> | undefined>(undefined);
  const draft = useDraft({
    name: `task/${task.id}/due_date`,
    value: task.due_date ?? "",
    version: task.version,
    save: (text, version) => saveChange(task.id, { due_date: text || null }, version),
    isValid: isDay,
  });
  const stop = () => clearTimeout(timer.current);
  useEffect(() => stop, []);
  return (
    <div class="task-panel__due">
      <Field label={t("taskPanel.dueDate")}>
        <TextInput
          type="date"
          inputRef={input}
          value={draft.text}
          data-unsaved={draft.isUnsaved}
          onText={(text) => {
            stop();
            // An incomplete day is empty.
            if (!text) return;
            draft.type(text);
            if (isDay(text)) timer.current = setTimeout(draft.commit, TYPING);
          }}
          onBlur={({ currentTarget }) => {
            stop();
            draft.commit();
            if (currentTarget.value) return;
            if (currentTarget.validity.badInput) currentTarget.value = task.due_date ?? "";
            else if (task.due_date) void saveChange(task.id, { due_date: null });
          }}
          onKeyDown={(event) => {
            if (event.key === "Enter") draft.commit();
          }}
        />
      </Field>
      {task.due_date && (
        <IconButton
          icon="x"
          label={t("taskPanel.removeDueDate")}
          onClick={() => {
            // The button goes away with the day.
            input.current?.focus();
            void saveChange(task.id, { due_date: null });
          }}
        />
      )}
    </div>
  );
}

function isDay(text: string): boolean {
  return /^[1-9]\d{3}-\d{2}-\d{2}$/.test(text);
}

function ReadOnlyProperties({ task }: { task: Task }) {
  const assignee = task.assigned_to === null ? null : users.get(task.assigned_to);
  return (
    <dl class="task-panel__properties">
      <Property name={t("taskPanel.status")}>
        <StatusBadge status={task.status} />
      </Property>
      <Property name={t("taskPanel.priority")}>
        <PriorityBadge priority={task.priority} />
      </Property>
      <Property name={t("taskPanel.assignee")}>
        <span class="row">
          <Avatar user={assignee} />
          {task.assigned_to === null ? t("task.unassigned") : userName(task.assigned_to)}
        </span>
      </Property>
      <Property name={t("taskPanel.dueDate")}>
        {task.due_date ? <ReadOnlyDue day={task.due_date} status={task.status} /> : t("taskPanel.none")}
      </Property>
    </dl>
  );
}

function ReadOnlyDue({ day, status }: { day: string; status: Status }) {
  const exact = formatDate(day);
  // Beyond two weeks, the relative day is the date itself.
  if (formatRelativeDay(day) === exact) return <DueDate day={day} status={status} />;
  return (
    <>
      {exact} (<DueDate day={day} status={status} />)
    </>
  );
}

function Property({ name, children }: { name: string; children: ComponentChildren }) {
  return (
    <div class="field">
      <dt class="field__label">{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}
