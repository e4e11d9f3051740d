/** All tasks of one day, and the line that adds one. */
import type { RefObject } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { session } from "tms/api";
import { formatDate, t, today } from "tms/i18n";
import { type Filters, matches, tasks } from "tms/store";
import { type Drag, QuickAdd, useList } from "tms/tasks";
import { Dialog } from "tms/ui";
import { Entries } from "./entries.tsx";

export interface DayTasksProps {
  day: string;
  filters: Filters;
  hrefOf: (id: number) => string;
  onShow: (id: number) => void;
  addInput: RefObject<HTMLInputElement | null>;
  drag?: Drag | null;
  onOpen?: () => void;
}

export function DayTasks({ day, filters, hrefOf, onShow, addInput, drag, onOpen }: DayTasksProps) {
  const { shown } = useList({ filters: { ...filters, due_date: [day] }, ordering: ["-priority"] });
  return (
    <>
      <QuickAdd
        input={addInput}
        defaults={{ due_date: day }}
        placeholder={t("calendar.add")}
        isListed={(id) => isShown(id, { ...filters, due_date: [day] })}
        onOpen={onShow}
      />
      <Entries
        list={shown}
        label={nameOfDay(day)}
        empty={t("calendar.nothing")}
        hrefOf={hrefOf}
        {...(drag !== undefined && { drag })}
        {...(onOpen && { onOpen })}
      />
    </>
  );
}

function isShown(id: number, filters: Filters): boolean {
  const task = tasks.task(id).peek();
  return task !== undefined && matches(task, filters, session.user.peek()?.id ?? 0) === true;
}

/** `isAdding` puts the focus into the line that adds a task. */
export function DayDialog(props: Omit<DayTasksProps, "addInput"> & { isAdding: boolean; onClose: () => void }) {
  const { isAdding, onClose, ...rest } = props;
  const input = useRef<HTMLInputElement>(null);
  useEffect(() => {
    if (isAdding) input.current?.focus();
  }, []);
  return (
    <Dialog title={nameOfDay(props.day)} onClose={onClose}>
      <div class="calendar-dialog">
        <DayTasks {...rest} addInput={input} onOpen={onClose} />
      </div>
    </Dialog>
  );
}

export function nameOfDay(day: string): string {
  return formatDate(day, { weekday: "long", day: "numeric", month: "long", ...yearOf(day) });
}

function yearOf(day: string): Intl.DateTimeFormatOptions {
  return day.slice(0, 4) === today().slice(0, 4) ? {} : { year: "numeric" };
}
