import { useId, useState } from "preact/hooks";
import { type ReportSchedule, session } from "tms/api";
import { formatDateTime, hasMessage, t } from "tms/i18n";
import { nameOf, users } from "tms/store";
import { Button, Icon, IconButton, Menu, RelativeTime } from "tms/ui";
import { parametersText } from "../parameters.ts";
import { reportTitle } from "../reports.ts";
import { cronText } from "./cron.ts";

export interface ScheduleItemProps {
  schedule: ReportSchedule;
  onEdit: () => void;
  onDelete: () => void;
  onRun: () => Promise<void>;
  onPause: () => Promise<void>;
}

export function ScheduleItem({ schedule, onEdit, onDelete, onRun, onPause }: ScheduleItemProps) {
  const id = useId();
  const [isBusy, setBusy] = useState(false);
  const { name, cron, timezone, report, parameters, recipients, is_paused, next_run_at, last_run } = schedule;
  const isOwn = schedule.owner === session.user.value?.id;
  const during = async (act: () => Promise<void>) => {
    setBusy(true);
    await act();
    setBusy(false);
  };
  return (
    <li class="report-job" data-paused={is_paused} data-status={last_run?.status} aria-labelledby={id}>
      <Icon name={is_paused ? "clock" : "mail"} />
      <div class="report-job__text">
        <p id={id}>
          <strong>{name}</strong>{" "}
          <span class="muted">
            {reportTitle(report)}
            {!isOwn && ` · ${t("reports.schedules.by", { name: nameOfId(schedule.owner) })}`}
          </span>
        </p>
        <p>
          {cronText(cron)} <span class="muted">({timezone})</span>
        </p>
        <p class="muted report__hint">
          {parametersText(parameters)} · {t("reports.schedules.to", { names: recipients.map(nameOfId).join(", ") })}
        </p>
        <p class="muted">
          {is_paused
            ? t("reports.schedules.paused")
            : next_run_at && t("reports.schedules.next", { time: formatDateTime(next_run_at) })}
        </p>
        {last_run && (
          <p class={last_run.error ? "report-job__error" : "muted"}>
            {t("reports.schedules.last", { status: statusText(last_run.status) })} · <RelativeTime at={last_run.at} />
            {last_run.error && `: ${last_run.error}`}
          </p>
        )}
      </div>
      <div class="report-job__actions">
        {isOwn && (
          <Button size="small" isBusy={isBusy} onClick={() => void during(onRun)}>
            {t("reports.schedules.run")}
          </Button>
        )}
        {!isOwn && (
          <Button size="small" onClick={onDelete}>
            {t("reports.schedules.leave")}
          </Button>
        )}
        {isOwn && (
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
        )}
      </div>
    </li>
  );
}

function nameOfId(id: number): string {
  const user = users.get(id);
  return user ? nameOf(user) : `#${id}`;
}

function statusText(status: string): string {
  return hasMessage(`reports.job.${status}`) ? t(`reports.job.${status}`) : status;
}
