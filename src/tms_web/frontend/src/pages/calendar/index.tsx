/** Tasks by due date: a month or a week, live, and moved to another day by dragging. */
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { formatDate, language, t } from "tms/i18n";
import { type PageProps, useTitle } from "tms/module";
import {
  addDays,
  addMonths,
  changeTasks,
  currentDay,
  DragHint,
  type Edit,
  EditPicker,
  FilterBar,
  firstDayOfWeek,
  localeOf,
  mayChangeAny,
  monthWeeks,
  SavedViews,
  TasksFrame,
  toListQuery,
  useCount,
  useDrag,
  useOptionalList,
  ViewSearch,
  weekOf,
} from "tms/tasks";
import { ErrorState, useMotion } from "tms/ui";
import type { CellContext } from "./cell.tsx";
import { DayDialog, DayTasks, nameOfDay } from "./day-tasks.tsx";
import { Grid } from "./grid.tsx";
import { Toolbar } from "./toolbar.tsx";
import { NO_DAY, Tray } from "./tray.tsx";
import { useCalendarShortcuts } from "./use-calendar-shortcuts.ts";
import { useCalendarView } from "./use-calendar-view.ts";
import { useDays } from "./use-days.ts";
import { useIsNarrow } from "./use-is-narrow.ts";
import { WeekList } from "./week-list.tsx";

export default function CalendarPage(props: PageProps) {
  const { mode, date, view, openId, goTo, clearFilters, hrefOf, open, closePanel } = useCalendarView(props);
  const today = currentDay.value;
  const anchor = date ?? today;
  const firstDay = firstDayOfWeek(localeOf(language.value));
  const weeks = useMemo(
    () => (mode === "month" ? monthWeeks(anchor, firstDay) : [weekOf(anchor, firstDay)]),
    [mode, anchor, firstDay],
  );
  const shown = weeks.flat();
  const { filters } = toListQuery(view, today);
  const days = useDays(shown[0] as string, shown.at(-1) as string, filters);
  const title = titleOf(mode, anchor, shown);
  useTitle(`${title} · ${t("calendar.title")}`);

  const [focusedDay, setFocused] = useState(anchor);
  useEffect(() => setFocused(anchor), [anchor]);
  const focused = shown.includes(focusedDay) ? focusedDay : anchor;
  const [openDay, setOpenDay] = useState<{ day: string; isAdding: boolean } | null>(null);
  const [edit, setEdit] = useState<Edit | null>(null);
  const [isTrayOpen, setTrayOpen] = useState(false);
  const trayFilters = { status: ["PENDING" as const, "IN_PROGRESS" as const], ...filters, due_date: ["none"] };
  // Searches one after the other: the server lets a user make one at a time.
  const hasTray = !filters.q || (isTrayOpen && days.list.state.value !== "loading");
  const { shown: tray } = useOptionalList(hasTray ? { filters: trayFilters, ordering: ["-priority"] } : null, 50);
  const trayCount = useCount(tray);

  const area = useRef<HTMLDivElement | null>(null);
  const isNarrow = useIsNarrow(area);
  const searchInput = useRef<HTMLInputElement>(null);
  const addInput = useRef<HTMLInputElement>(null);
  const motion = useMotion();
  const { areaRef, drag } = useDrag({
    nameOf: (target) => (target === NO_DAY ? t("calendar.tray") : nameOfDay(target)),
    onDrop: (id, target, from) => {
      if (from) motion.startFrom(id, from);
      void changeTasks([id], { due_date: target === NO_DAY ? null : target });
    },
  });
  const setArea = useMemo(
    () => (element: HTMLDivElement | null) => {
      area.current = element;
      areaRef(element);
      motion.rootRef(element);
    },
    [areaRef, motion],
  );

  const step = (count: number) =>
    goTo({ date: mode === "month" ? addMonths(`${anchor.slice(0, 7)}-01`, count) : addDays(anchor, 7 * count) });
  const toToday = () => {
    setFocused(today);
    goTo({ date: null });
  };
  const onOpenDay = (day: string, isAdding: boolean) => setOpenDay({ day, isAdding });
  useCalendarShortcuts({
    add: () => onOpenDay(focused, true),
    search: () => searchInput.current?.focus(),
    step,
    today: toToday,
    mode: (next) => goTo({ mode: next, date: focused === today ? null : focused }),
    edit: (field) => {
      const entry = document.activeElement?.closest<HTMLElement>(".calendar-entry");
      const id = Number(entry?.dataset.id);
      if (entry && id > 0 && mayChangeAny([id]))
        setEdit({ field, ids: [id], anchor: { current: entry }, origin: entry });
    },
  });

  const context: Omit<CellContext, "fit"> = {
    filters,
    isSmall: isNarrow,
    hrefOf,
    onFocus: setFocused,
    onOpenDay,
    drag: drag.value,
    motion,
  };
  const hasFailed = days.list.state.value === "error";
  const dayProps = { filters, hrefOf, onShow: open };
  return (
    <>
      <TasksFrame
        name="calendar"
        heading={title}
        views={
          <>
            <SavedViews page="/calendar" />
            <Toolbar
              mode={mode}
              onStep={step}
              onToday={toToday}
              onMode={(next) => goTo({ mode: next, date: focused === today ? null : focused })}
              trayCount={trayCount}
              isTrayOpen={isTrayOpen}
              onTray={() => setTrayOpen(!isTrayOpen)}
            />
          </>
        }
        tools={
          <ViewSearch input={searchInput} view={view} onChange={(next, options) => goTo({ view: next }, options)} />
        }
        openId={openId}
        onClosePanel={() => {
          closePanel();
          document.querySelector<HTMLElement>(`.calendar [data-id="${openId}"]`)?.focus();
        }}
      >
        <FilterBar view={view} onChange={(next) => goTo({ view: next })} onClear={clearFilters} isByDay />
        {hasFailed && <ErrorState error={days.list.error.value} onRetry={() => void days.list.reload()} />}
        <div class="calendar" data-narrow={isNarrow} ref={setArea}>
          <DragHint />
          {isNarrow && mode === "week" ? (
            <WeekList week={shown} days={days} context={context} />
          ) : (
            <Grid
              {...{ weeks, mode, anchor, focused, days, context }}
              label={title}
              onMove={(day) => {
                setFocused(day);
                if (!shown.includes(day) || (mode === "month" && day.slice(0, 7) !== anchor.slice(0, 7)))
                  goTo({ date: day }, { replace: shown.includes(day) });
              }}
            />
          )}
          {isNarrow && mode === "month" && (
            <section class="calendar-agenda" aria-labelledby="calendar-agenda">
              <h2 id="calendar-agenda">{nameOfDay(focused)}</h2>
              <DayTasks key={focused} day={focused} {...dayProps} addInput={addInput} drag={drag.value} />
            </section>
          )}
          {isTrayOpen && tray && (
            <Tray
              list={tray}
              count={trayCount}
              hrefOf={hrefOf}
              drag={drag.value}
              motion={motion}
              onClose={() => {
                setTrayOpen(false);
                document.querySelector<HTMLElement>(".calendar-bar__tray")?.focus();
              }}
            />
          )}
        </div>
      </TasksFrame>
      {openDay && <DayDialog key={openDay.day} {...openDay} {...dayProps} onClose={() => setOpenDay(null)} />}
      {edit && <EditPicker edit={edit} onClose={() => setEdit(null)} />}
    </>
  );
}

/** "November 2026", or the days of the week. */
function titleOf(mode: string, anchor: string, days: readonly string[]): string {
  if (mode === "month") return formatDate(anchor, { month: "long", year: "numeric" });
  const [first, last] = [days[0] as string, days.at(-1) as string];
  const format = new Intl.DateTimeFormat(language.value, {
    day: "numeric",
    month: "short",
    year: "numeric",
    timeZone: "UTC",
  });
  return format.formatRange(new Date(first), new Date(last));
}
