/** Earlier, today, later; month or week; the tasks without a date. */
import { formatNumber, t } from "tms/i18n";
import { Button, IconButton } from "tms/ui";
import type { Mode } from "./use-calendar-view.ts";

export interface ToolbarProps {
  mode: Mode;
  onStep: (step: number) => void;
  onToday: () => void;
  onMode: (mode: Mode) => void;
  trayCount: number | null;
  isTrayOpen: boolean;
  onTray: () => void;
}

const MODES: readonly Mode[] = ["month", "week"];

export function Toolbar({ mode, onStep, onToday, onMode, trayCount, isTrayOpen, onTray }: ToolbarProps) {
  return (
    <div class="calendar-bar" role="toolbar" aria-label={t("calendar.title")}>
      <IconButton
        icon="chevronLeft"
        size="small"
        label={t(`calendar.previous.${mode}`)}
        keys="k"
        onClick={() => onStep(-1)}
      />
      <Button size="small" onClick={onToday}>
        {t("calendar.today")}
      </Button>
      <IconButton
        icon="chevronRight"
        size="small"
        label={t(`calendar.next.${mode}`)}
        keys="j"
        onClick={() => onStep(1)}
      />
      <fieldset class="calendar-bar__modes" aria-label={t("calendar.mode")}>
        {MODES.map((one) => (
          <button key={one} type="button" aria-pressed={one === mode} onClick={() => onMode(one)}>
            {t(`calendar.mode.${one}`)}
          </button>
        ))}
      </fieldset>
      <Button size="small" icon="inbox" class="calendar-bar__tray" aria-expanded={isTrayOpen} onClick={onTray}>
        <span class="calendar-bar__tray-name">{t("calendar.tray")}</span>
        {trayCount !== null && <span class="number muted">{formatNumber(trayCount)}</span>}
      </Button>
    </div>
  );
}
