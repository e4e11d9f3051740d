import { useId, useState } from "preact/hooks";
import type { ReportJob } from "tms/api";
import { formatNumber, t } from "tms/i18n";
import { Button, Icon, IconButton, type IconName, RelativeTime } from "tms/ui";
import { download } from "../download.ts";
import { parametersText } from "../parameters.ts";
import { JOBS, reportTitle } from "../reports.ts";
import { isActive } from "./use-jobs.ts";

const ICONS: Record<ReportJob["status"], IconName> = {
  waiting: "clock",
  running: "refresh",
  done: "check",
  failed: "alert",
  cancelled: "x",
};

export function JobItem({ job, onRemove }: { job: ReportJob; onRemove: () => void }) {
  const id = useId();
  const title = reportTitle(job.report);
  return (
    <li class="report-job" data-status={job.status} aria-labelledby={id}>
      <Icon name={ICONS[job.status]} />
      <div class="report-job__text">
        <p id={id}>
          <strong>{title}</strong> <span class="muted">{t(`reports.format.${job.format}`)}</span>
          {job.schedule_id !== null && <span class="muted">{` · ${t("reports.job.scheduled")}`}</span>}
        </p>
        <p class="muted report__hint">{parametersText(job.parameters)}</p>
        {isActive(job) ? (
          <JobProgress job={job} label={title} />
        ) : (
          <p class={job.status === "failed" ? "report-job__error" : "muted"}>
            {t(`reports.job.${job.status}`)} <RelativeTime at={job.finished_at ?? job.created_at} />
            {job.error && `: ${job.error}`}
          </p>
        )}
      </div>
      <div class="report-job__actions">
        {job.status === "done" && <DownloadButton job={job} title={title} />}
        {isActive(job) ? (
          <Button size="small" onClick={onRemove}>
            {t("ui.cancel")}
          </Button>
        ) : (
          <IconButton icon="trash" size="small" label={t("reports.job.delete", { report: title })} onClick={onRemove} />
        )}
      </div>
    </li>
  );
}

function JobProgress({ job: { status, done, all }, label }: { job: ReportJob; label: string }) {
  // Without a value, the browser shows that there is no telling yet.
  const value = all === null ? {} : { value: done, max: Math.max(1, all) };
  return (
    <p class="report-job__progress muted">
      <progress aria-label={label} {...value} />
      <span class="number">
        {status === "running" && all !== null
          ? t("reports.job.progress", { done: formatNumber(done), all: formatNumber(all) })
          : t(`reports.job.${status}`)}
      </span>
    </p>
  );
}

function DownloadButton({ job, title }: { job: ReportJob; title: string }) {
  const [isBusy, setBusy] = useState(false);
  const run = async () => {
    setBusy(true);
    const name = `${job.report}-${job.created_at.slice(0, 10)}.${job.format}`;
    await download(`${JOBS}/${job.id}/result`, {}, name);
    setBusy(false);
  };
  return (
    <Button
      size="small"
      icon="download"
      isBusy={isBusy}
      aria-label={t("reports.job.downloadOf", { report: title })}
      onClick={() => void run()}
    >
      {t("reports.job.download")}
    </Button>
  );
}
