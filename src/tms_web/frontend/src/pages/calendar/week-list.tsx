/** A week as a list of days, for narrow screens. */
import { t } from "tms/i18n";
import { currentDay } from "tms/tasks";
import { IconButton, useMotionOf } from "tms/ui";
import type { CellContext } from "./cell.tsx";
import { nameOfDay } from "./day-tasks.tsx";
import { Entry, openFirst } from "./entry.tsx";
import type { Days, DayTasks } from "./use-days.ts";

const MAXIMUM = 20;

export function WeekList(props: { week: readonly string[]; days: Days; context: Omit<CellContext, "fit"> }) {
  const { week, days, context } = props;
  return (
    <div class="calendar-week" aria-busy={days.isLoading}>
      {week.map((day) => (
        <WeekDay key={day} day={day} found={days.of(day)} context={context} />
      ))}
    </div>
  );
}

function WeekDay(props: { day: string; found: DayTasks; context: Omit<CellContext, "fit"> }) {
  const { day, found, context } = props;
  const { hrefOf, onFocus, onOpenDay, drag, motion } = context;
  const shown = openFirst(found.ids).slice(0, MAXIMUM);
  useMotionOf(motion, shown);
  const rest = (found.count ?? shown.length) - shown.length;
  const isToday = day === currentDay.value;
  return (
    <section
      class="calendar-day"
      aria-labelledby={`calendar-${day}`}
      data-drop={day}
      data-over={drag?.target === day}
      onFocusIn={() => onFocus(day)}
    >
      <div class="calendar-day__head">
        <h2 id={`calendar-${day}`} data-today={isToday} aria-current={isToday ? "date" : undefined}>
          {nameOfDay(day)}
        </h2>
        <IconButton
          icon="plus"
          size="small"
          label={t("calendar.addTo", { day: nameOfDay(day) })}
          onClick={() => onOpenDay(day, true)}
        />
      </div>
      {shown.length > 0 && (
        <ul class="calendar-entries">
          {shown.map((id) => (
            <li key={id}>
              <Entry id={id} href={hrefOf(id)} drag={drag} />
            </li>
          ))}
        </ul>
      )}
      {rest > 0 && (
        <button type="button" class="calendar-cell__more" onClick={() => onOpenDay(day, false)}>
          {t("calendar.more", { count: rest })}
        </button>
      )}
    </section>
  );
}
