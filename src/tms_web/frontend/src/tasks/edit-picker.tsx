/** The menus that change status, priority, assignee or due date of the rows they were opened for. */
import type { RefObject } from "preact";
import { useState } from "preact/hooks";
import { PRIORITIES, STATUSES, session, type Task, type TaskChange } from "tms/api";
import { formatDate, t, today } from "tms/i18n";
import { nameOf, tasks, users } from "tms/store";
import { Avatar, Button, Dialog, Field, Icon, type Option, Picker, PriorityMark, StatusMark, TextInput } from "tms/ui";
import { changeTasks } from "./actions.ts";
import { addDays, nextWeekday } from "./days.ts";

export type EditedField = "status" | "priority" | "assigned_to" | "due_date";

export interface Edit {
  field: EditedField;
  ids: readonly number[];
  /** What the menu is shown next to. */
  anchor: RefObject<HTMLElement | null>;
  /** What gets the focus afterwards: the row, whose keys go on from there, or the button of the bulk bar. */
  origin: HTMLElement;
}

type Value = string | number | null;
const OTHER_DATE = "other";

export function EditPicker({ edit, onClose }: { edit: Edit; onClose: () => void }) {
  const { field, ids, anchor } = edit;
  const [isChoosingDate, setChoosingDate] = useState(false);
  const current = valuesOf(ids, field);
  const apply = (value: Value) => void changeTasks(ids, { [field]: value } as TaskChange);
  if (isChoosingDate) {
    return <DateDialog initial={String(current[0] ?? today())} onChoose={apply} onClose={onClose} />;
  }
  // A picker closes itself after a choice, also after that of another date, which goes on in the dialog.
  let goesOn = false;
  return (
    <Picker<Value>
      label={t(`tasks.set.${field}`, { count: ids.length })}
      options={optionsOf(field)}
      selected={current.length === 1 ? current : []}
      anchor={anchor}
      onSearch={field === "assigned_to" ? searchUsers : undefined}
      onPick={(value) => {
        goesOn = field === "due_date" && value === OTHER_DATE;
        if (goesOn) setChoosingDate(true);
        else apply(value);
      }}
      onClose={() => {
        // The picker gives the focus to its anchor.
        anchor.current = edit.origin;
        if (!goesOn) onClose();
      }}
    />
  );
}

/** The different values of a field. */
function valuesOf(ids: readonly number[], field: EditedField): Value[] {
  const found = ids.map((id) => tasks.task(id).value).filter((task): task is Task => task !== undefined);
  return [...new Set(found.map((task) => task[field]))];
}

function optionsOf(field: EditedField): Option<Value>[] {
  switch (field) {
    case "status":
      return STATUSES.map((value) => ({ value, label: t(`status.${value}`), mark: <StatusMark status={value} /> }));
    case "priority":
      return PRIORITIES.toReversed().map((value) => ({
        value,
        label: t(`priority.${value}`),
        mark: <PriorityMark priority={value} />,
      }));
    case "assigned_to":
      return [{ value: null, label: t("task.unassigned"), mark: <Avatar user={null} /> }, ...userOptions()];
    case "due_date":
      return dayOptions();
  }
}

/** Finds users that are not loaded; without an answer the menu stays as it is. */
export function searchUsers(text: string): void {
  void users.search(text).catch(() => {});
}

/** Everybody, oneself first. */
export function userOptions(): Option<number>[] {
  const me = session.user.value?.id;
  const all = users.all.value.toSorted((one, other) => Number(other.id === me) - Number(one.id === me));
  return all.map((user) => ({
    value: user.id,
    label: user.id === me ? t("tasks.you", { name: nameOf(user) }) : nameOf(user),
    hint: `@${user.username}`,
    mark: <Avatar user={user} />,
  }));
}

function dayOptions(): Option<Value>[] {
  const now = today();
  const choices = { today: now, tomorrow: addDays(now, 1), monday: nextWeekday(now, 1), week: addDays(now, 7) };
  const mark = <Icon name="calendar" />;
  return [
    ...Object.entries(choices).map(([name, value]) => ({
      value,
      label: t(`tasks.day.${name}`),
      hint: formatDate(value, { weekday: "short", day: "numeric", month: "short" }),
      mark,
    })),
    { value: OTHER_DATE, label: t("tasks.day.choose"), mark },
    { value: null, label: t("tasks.day.none"), mark: <Icon name="x" /> },
  ];
}

function DateDialog(props: { initial: string; onChoose: (day: string) => void; onClose: () => void }) {
  const [day, setDay] = useState(props.initial);
  return (
    <Dialog title={t("tasks.day.title")} onClose={props.onClose}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          props.onChoose(day);
          props.onClose();
        }}
      >
        <Field label={t("tasks.field.due_date")}>
          <TextInput type="date" value={day} onText={setDay} required autofocus />
        </Field>
        <div class="dialog__actions">
          <Button onClick={props.onClose}>{t("ui.cancel")}</Button>
          <Button variant="primary" type="submit">
            {t("tasks.day.save")}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
