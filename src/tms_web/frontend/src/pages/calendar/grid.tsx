// biome-ignore-all lint/a11y/useSemanticElements: a grid of days by the pattern of the ARIA guide; a table is no grid
// biome-ignore-all lint/a11y/useFocusableInteractive: the cells of a grid have the focus, not its rows
/** Days as a grid: arrow keys move between them, Enter adds a task. */
import { useLayoutEffect, useRef, useState } from "preact/hooks";
import { formatDate } from "tms/i18n";
import { addDays, addMonths, currentDay } from "tms/tasks";
import { Cell, type CellContext } from "./cell.tsx";
import type { Mode } from "./use-calendar-view.ts";
import type { Days } from "./use-days.ts";

export interface GridProps {
  weeks: readonly string[][];
  mode: Mode;
  /** A day of the month that is shown. */
  anchor: string;
  focused: string;
  days: Days;
  context: Omit<CellContext, "fit">;
  label: string;
  /** Moves the focus to a day, which may be out of sight. */
  onMove: (day: string) => void;
}

/** In rem, as in the style sheet. */
const HEAD = 2.25;
const ENTRY = 1.625;
/** A day of a week scrolls. */
const WEEK_FIT = 50;

export function Grid({ weeks, mode, anchor, focused, days, context, label, onMove }: GridProps) {
  const grid = useRef<HTMLDivElement>(null);
  const fit = useFit(grid, weeks.length);
  const wanted = useRef<string | null>(null);
  useLayoutEffect(() => {
    const cell = wanted.current && grid.current?.querySelector<HTMLElement>(`[data-day="${wanted.current}"]`);
    if (!cell) return;
    wanted.current = null;
    cell.focus();
  });
  const onKeyDown = (event: KeyboardEvent) => {
    const target = event.target as HTMLElement;
    const cell = target.closest<HTMLElement>("[role=gridcell]");
    if (!cell || event.ctrlKey || event.metaKey || event.altKey) return;
    if (target !== cell) {
      moveWithin(event, cell);
      return;
    }
    const day = dayAfterKey(event, focused, mode, weeks);
    if (event.key === "Enter") context.onOpenDay(focused, true);
    else if (day) {
      wanted.current = day;
      onMove(day);
    } else if (event.key === "ArrowDown") cell.querySelector<HTMLElement>(".calendar-entry")?.focus();
    else return;
    event.preventDefault();
    event.stopPropagation();
  };
  const full = { ...context, fit: mode === "week" ? WEEK_FIT : fit };
  return (
    <div
      class={`calendar-grid calendar-grid--${context.isSmall ? "small" : mode}`}
      role="grid"
      aria-label={label}
      aria-busy={days.isLoading}
      ref={grid}
      onKeyDown={onKeyDown}
    >
      <div class="calendar-grid__head" role="row">
        {weeks[0]?.map((day) => (
          <div key={day} role="columnheader" aria-label={formatDate(day, { weekday: "long" })}>
            {formatDate(day, { weekday: "short" })}
          </div>
        ))}
      </div>
      {weeks.map((week) => (
        <div class="calendar-grid__week" role="row" key={week[0]}>
          {week.map((day) => (
            <Cell
              key={day}
              day={day}
              found={days.of(day)}
              isFocused={day === focused}
              isToday={day === currentDay.value}
              isOutside={mode === "month" && day.slice(0, 7) !== anchor.slice(0, 7)}
              context={full}
            />
          ))}
        </div>
      ))}
    </div>
  );
}

/** Where a key leads from a day; null where it does not move. */
function dayAfterKey({ key, shiftKey }: KeyboardEvent, day: string, mode: Mode, weeks: readonly string[][]) {
  const week = weeks.find((one) => one.includes(day)) ?? [];
  const further = (step: number) =>
    shiftKey ? addMonths(day, 12 * step) : mode === "week" ? addDays(day, 7 * step) : addMonths(day, step);
  switch (key) {
    case "ArrowLeft":
      return addDays(day, -1);
    case "ArrowRight":
      return addDays(day, 1);
    case "ArrowUp":
      return mode === "month" ? addDays(day, -7) : null;
    case "ArrowDown":
      return mode === "month" ? addDays(day, 7) : null;
    case "Home":
      return week[0] ?? null;
    case "End":
      return week.at(-1) ?? null;
    case "PageUp":
      return further(-1);
    case "PageDown":
      return further(1);
    default:
      return null;
  }
}

/** Between the tasks of a day by arrow keys, back to the day by Escape. */
function moveWithin(event: KeyboardEvent, cell: HTMLElement): void {
  const entries = [...cell.querySelectorAll<HTMLElement>("a.calendar-entry, .calendar-cell__more")];
  const place = entries.indexOf(document.activeElement as HTMLElement);
  const step = event.key === "ArrowDown" ? 1 : event.key === "ArrowUp" ? -1 : 0;
  if (event.key === "Escape" || (step === -1 && place === 0)) cell.focus();
  else if (step && place >= 0) entries[place + step]?.focus();
  else return;
  event.preventDefault();
  event.stopPropagation();
}

/** How many entries fit into a day, by the height of the grid. */
function useFit(grid: { current: HTMLElement | null }, weeks: number): number {
  const [fit, setFit] = useState(3);
  useLayoutEffect(() => {
    const element = grid.current;
    if (!element) return;
    const measure = () => {
      const week = element.querySelector<HTMLElement>(".calendar-grid__week");
      const rem = Number.parseFloat(getComputedStyle(document.documentElement).fontSize);
      setFit(Math.max(1, Math.floor(((week?.offsetHeight ?? 0) / rem - HEAD) / ENTRY)));
    };
    const observer = new ResizeObserver(measure);
    observer.observe(element);
    measure();
    return () => observer.disconnect();
  }, [weeks]);
  return fit;
}
