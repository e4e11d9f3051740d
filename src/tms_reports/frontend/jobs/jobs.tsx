/** Reports that are computed in the background: started here, followed while they run, kept for a day. */
import { useState } from "preact/hooks";
import { api, errorText, type ReportJob } from "tms/api";
import { t, today } from "tms/i18n";
import { Button, EmptyState, ErrorState, SkeletonRows, toast } from "tms/ui";
import { parametersOf, parametersText } from "../parameters.ts";
import { ReportFields } from "../report-fields.tsx";
import { type Format, JOBS, type ReportName } from "../reports.ts";
import type { SectionProps } from "../sections.ts";
import { JobItem } from "./job-item.tsx";
import { isActive, useJobs } from "./use-jobs.ts";

const FORMATS: readonly Format[] = ["csv", "html", "json"];

export default function JobsSection({ view, query }: SectionProps) {
  const { resource, jobs } = useJobs();
  const [report, setReport] = useState<ReportName>("insight");
  const [format, setFormat] = useState<Format>("csv");
  const [isStarting, setStarting] = useState(false);
  const parameters = parametersOf(report, view, query, today());
  const start = async () => {
    setStarting(true);
    try {
      await api.post<ReportJob>(JOBS, { report, parameters, format });
    } catch (error) {
      toast(errorText(error), { tone: "error" });
    }
    await resource.reload();
    setStarting(false);
  };
  const remove = async (job: ReportJob) => {
    try {
      await api.delete(`${JOBS}/${job.id}`);
    } catch (error) {
      toast(errorText(error), { tone: "error" });
    }
    await resource.reload();
  };
  return (
    <section class="card report__chart report__narrow" aria-labelledby="report-jobs">
      <header class="report__card-head">
        <h2 id="report-jobs">{t("reports.jobs.title")}</h2>
        <p class="muted report__hint">{t("reports.jobs.hint")}</p>
      </header>
      <form
        class="report__form"
        onSubmit={(event) => {
          event.preventDefault();
          if (!isStarting) void start();
        }}
      >
        <div class="report__tools">
          <ReportFields {...{ report, format, formats: FORMATS, onReport: setReport, onFormat: setFormat }} />
          <Button type="submit" variant="primary" isBusy={isStarting} disabled={jobs?.some(isActive) ?? false}>
            {t("reports.jobs.start")}
          </Button>
        </div>
        <p class="muted report__hint">{t("reports.withFilters", { filters: parametersText(parameters) })}</p>
      </form>
      {jobs ? (
        jobs.length ? (
          <ul class="report-jobs" aria-label={t("reports.jobs.title")}>
            {jobs.map((job) => (
              <JobItem key={job.id} job={job} onRemove={() => void remove(job)} />
            ))}
          </ul>
        ) : (
          <EmptyState icon="clock" title={t("reports.jobs.none")} text={t("reports.jobs.noneText")} />
        )
      ) : resource.error ? (
        <ErrorState error={resource.error} onRetry={() => void resource.reload()} />
      ) : (
        <SkeletonRows count={3} />
      )}
    </section>
  );
}
