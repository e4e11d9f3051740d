/** Open tasks without a due date, beside the days: dragged onto one, they get it. */
import { formatNumber, t } from "tms/i18n";
import type { TaskList } from "tms/store";
import type { Drag } from "tms/tasks";
import { IconButton, type Motion, useMotionOf } from "tms/ui";
import { Entries } from "./entries.tsx";

/** The target that takes the date away. */
export const NO_DAY = "none";

export interface TrayProps {
  list: TaskList;
  count: number | null;
  hrefOf: (id: number) => string;
  drag: Drag | null;
  motion: Motion;
  onClose: () => void;
}

export function Tray({ list, count, hrefOf, drag, motion, onClose }: TrayProps) {
  useMotionOf(motion, list.ids.value);
  return (
    <section
      class="calendar-tray"
      aria-labelledby="calendar-tray"
      data-drop={NO_DAY}
      data-over={drag?.target === NO_DAY}
    >
      <div class="calendar-tray__head">
        <h2 id="calendar-tray">
          {t("calendar.tray")}
          {count !== null && <span class="calendar-tray__count number">{formatNumber(count)}</span>}
        </h2>
        <IconButton icon="x" size="small" label={t("calendar.closeTray")} onClick={onClose} />
      </div>
      <div class="calendar-tray__tasks" data-scroller>
        <Entries
          list={list}
          label={t("calendar.tray")}
          empty={t("calendar.nothingInTray")}
          hrefOf={hrefOf}
          drag={drag}
        />
      </div>
    </section>
  );
}
