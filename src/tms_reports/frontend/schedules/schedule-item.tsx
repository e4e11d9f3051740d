import { useId, useState } from "preact/hooks";
import { formatDateTime, hasMessage, t } from "tms/i18n";
import { nameOf, users } from "tms/store";
import { Button, Icon, IconButton, Menu, RelativeTime } from "tms/ui";
import { parametersText } from "../parameters.ts";
import { reportTitle } from "../reports.ts";
import { cronText } from "./cron.ts";
import type { Schedule } from "./schedule.ts";

export interface ScheduleItemProps {
  schedule: Schedule;
  onEdit: () => void;
  onDelete: () => void;
  onRun: () => Promise<void>;
  onPause: () => Promise<void>;
}

export function ScheduleItem({ schedule, onEdit, onDelete, onRun, onPause }: ScheduleItemProps) {
  const id = useId();
  const [isBusy, setBusy] = useState(false);
  const { name, cron, timezone, report, format, parameters, recipients, is_paused, next_run_at, last_run } = schedule;
  const during = async (act: () => Promise<void>) => {
    setBusy(true);
    await act();
    setBusy(false);
  };
  const names = recipients.map((one) => {
    const user = users.get(one);
    return user ? nameOf(user) : `#${one}`;
  });
  return (
    <li class="report-job" data-paused={is_paused} data-status={last_run?.status} aria-labelledby={id}>
      <Icon name={is_paused ? "clock" : "mail"} />
      <div class="report-job__text">
        <p id={id}>
          <strong>{name}</strong>{" "}
          <span class="muted">
            {reportTitle(report)} · {t(`reports.format.${format}`)}
          </span>
        </p>
        <p>
          {cronText(cron)} <span class="muted">({timezone})</span>
        </p>
        <p class="muted report__hint">
          {parametersText(parameters)} · {t("reports.schedules.to", { names: names.join(", ") })}
        </p>
        <p class="muted">
          {is_paused
            ? t("reports.schedules.paused")
            : next_run_at && t("reports.schedules.next", { time: formatDateTime(next_run_at) })}
        </p>
        {last_run && (
          <p class={last_run.error ? "report-job__error" : "muted"}>
            {t("reports.schedules.last", { status: statusText(last_run.status) })} <RelativeTime at={last_run.at} />
            {last_run.error && `: ${last_run.error}`}
          </p>
        )}
      </div>
      <div class="report-job__actions">
        <Button size="small" isBusy={isBusy} onClick={() => void during(onRun)}>
          {t("reports.schedules.run")}
        </Button>
        <Menu
          label={t("reports.schedules.actions", { name })}
          placement="bottom-end"
          items={[
            { id: "edit", label: t("reports.schedules.edit"), icon: "edit", run: onEdit },
            {
              id: "pause",
              label: is_paused ? t("reports.schedules.resume") : t("reports.schedules.pause"),
              icon: "clock",
              run: () => void during(onPause),
            },
            {
              id: "delete",
              label: t("reports.schedules.deleteAction"),
              icon: "trash",
              isDanger: true,
              isSeparated: true,
              run: onDelete,
            },
          ]}
          trigger={(props) => (
            <IconButton icon="more" size="small" label={t("reports.schedules.actions", { name })} {...props} />
          )}
        />
      </div>
    </li>
  );
}

function statusText(status: string): string {
  return hasMessage(`reports.job.${status}`) ? t(`reports.job.${status}`) : status;
}
