// biome-ignore-all lint/a11y/useSemanticElements: a grid of days by the pattern of the ARIA guide; a table is no grid
/** A day of the grid with its tasks, as many as fit. */
import { formatDate, formatNumber, t } from "tms/i18n";
import { type Filters, tasks } from "tms/store";
import { type Drag, useList } from "tms/tasks";
import { IconButton, type Motion, useMotionOf } from "tms/ui";
import { nameOfDay } from "./day-tasks.tsx";
import { Entry, isDone, isOverdue, openFirst } from "./entry.tsx";
import type { DayTasks } from "./use-days.ts";

export interface CellContext {
  filters: Filters;
  /** How many entries fit into a day. */
  fit: number;
  /** Days as dots, for narrow screens. */
  isSmall: boolean;
  hrefOf: (id: number) => string;
  onFocus: (day: string) => void;
  onOpenDay: (day: string, isAdding: boolean) => void;
  drag: Drag | null;
  motion: Motion;
}

export interface CellProps {
  day: string;
  found: DayTasks;
  isFocused: boolean;
  isToday: boolean;
  /** It belongs to another month. */
  isOutside: boolean;
  context: CellContext;
}

export function Cell(props: CellProps) {
  const { found, context } = props;
  // The tasks of the range were too many to load them all; those that fit are loaded day by day.
  return found.isLoaded || found.count === null || context.isSmall ? (
    <CellOf {...props} ids={found.ids} />
  ) : (
    <LargeCell {...props} />
  );
}

function LargeCell(props: CellProps) {
  const { day, context } = props;
  const { shown } = useList({ filters: { ...context.filters, due_date: [day] }, ordering: ["-priority"] }, 10);
  return <CellOf {...props} ids={shown.ids.value} />;
}

function CellOf({ day, found, isFocused, isToday, isOutside, context, ids }: CellProps & { ids: readonly number[] }) {
  const { fit, isSmall, hrefOf, onFocus, onOpenDay, drag, motion } = context;
  const { count } = found;
  const known = count ?? ids.length;
  const sorted = openFirst(ids);
  const shown = isSmall ? [] : sorted.slice(0, known > fit ? Math.max(0, fit - 1) : fit);
  useMotionOf(motion, shown);
  const rest = known - shown.length;
  const number = Number(day.slice(8));
  const tabIndex = isFocused ? 0 : -1;
  return (
    <div
      class="calendar-cell"
      role="gridcell"
      tabIndex={tabIndex}
      data-day={day}
      data-drop={day}
      data-over={drag?.target === day}
      data-outside={isOutside}
      data-today={isToday}
      aria-current={isToday ? "date" : undefined}
      aria-selected={isSmall ? isFocused : undefined}
      onFocusIn={() => onFocus(day)}
      onDblClick={(event) => {
        if (!(event.target as Element).closest("a, button")) onOpenDay(day, true);
      }}
    >
      <div class="calendar-cell__head">
        {/* The beginning of the cell's name, which goes on with its tasks. */}
        <span class="visually-hidden">
          {count === null ? nameOfDay(day) : t("calendar.day", { day: nameOfDay(day), count })}
        </span>
        <span class="calendar-cell__number number" aria-hidden="true">
          {number === 1 && !isSmall ? formatDate(day, { day: "numeric", month: "short" }) : number}
        </span>
        {!isSmall && (
          <IconButton
            icon="plus"
            size="small"
            class="calendar-cell__add"
            tabIndex={tabIndex}
            label={t("calendar.addTo", { day: nameOfDay(day) })}
            onClick={() => onOpenDay(day, true)}
          />
        )}
      </div>
      {isSmall ? (
        <Dots ids={sorted} count={known} />
      ) : (
        <div class="calendar-cell__tasks" data-scroller>
          {shown.map((id) => (
            <Entry key={id} id={id} href={hrefOf(id)} tabIndex={tabIndex} drag={drag} />
          ))}
        </div>
      )}
      {!isSmall && rest > 0 && (
        <button type="button" class="calendar-cell__more" tabIndex={tabIndex} onClick={() => onOpenDay(day, false)}>
          {t("calendar.more", { count: rest })}
        </button>
      )}
    </div>
  );
}

const DOTS = 3;

function Dots({ ids, count }: { ids: readonly number[]; count: number }) {
  // Where the tasks are only counted, the dots say that there are some.
  const marks = Array.from({ length: Math.min(DOTS, count) }, (_, index) => markOf(ids[index]));
  return (
    <span class="calendar-cell__dots" aria-hidden="true">
      {marks.map((mark, index) => (
        <span key={index} class={`calendar-cell__dot calendar-cell__dot--${mark}`} />
      ))}
      {count > DOTS && <span class="calendar-cell__count number">{count > 99 ? "99+" : formatNumber(count)}</span>}
    </span>
  );
}

function markOf(id: number | undefined): string {
  const task = id === undefined ? undefined : tasks.task(id).value;
  if (!task) return "open";
  return isDone(task) ? "done" : isOverdue(task) ? "overdue" : "open";
}
