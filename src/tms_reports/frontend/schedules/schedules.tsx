/** Reports that are mailed at fixed times. */
import { useState } from "preact/hooks";
import { api, errorText, type ReportSchedule, session } from "tms/api";
import { t } from "tms/i18n";
import { useResource } from "tms/module";
import { Button, confirm, EmptyState, ErrorState, SkeletonRows, toast } from "tms/ui";
import { SCHEDULES } from "../reports.ts";
import type { SectionProps } from "../sections.ts";
import { isWithoutMail, readSchedules } from "./schedule.ts";
import { ScheduleDialog } from "./schedule-dialog.tsx";
import { ScheduleItem } from "./schedule-item.tsx";

/** Milliseconds. A run ends without a message to this page. */
const EVERY = 15_000;

export default function SchedulesSection({ view, query }: SectionProps) {
  const { data, error, reload } = useResource("report schedules", readSchedules, { every: EVERY });
  const [edited, setEdited] = useState<ReportSchedule | "new" | null>(null);
  const act = async (send: () => Promise<unknown>, done?: string) => {
    try {
      await send();
      if (done) toast(done, { tone: "success" });
    } catch (cause) {
      toast(isWithoutMail(cause) ? t("reports.schedules.off") : errorText(cause), { tone: "error" });
    }
    await reload();
  };
  const remove = async (one: ReportSchedule) => {
    if (one.owner !== session.user.peek()?.id) return act(() => api.delete(`${SCHEDULES}/${one.id}`));
    const question = {
      title: t("reports.schedules.delete", { name: one.name }),
      text: t("reports.schedules.deleteText"),
    };
    if (await confirm({ ...question, action: t("reports.schedules.deleteAction"), isDanger: true }))
      await act(() => api.delete(`${SCHEDULES}/${one.id}`));
  };
  return (
    <section class="card report__chart report__narrow" aria-labelledby="report-schedules">
      <header class="report__card-head">
        <h2 id="report-schedules">{t("reports.schedules.title")}</h2>
        <Button variant="primary" size="small" icon="plus" onClick={() => setEdited("new")} disabled={!data}>
          {t("reports.schedules.new")}
        </Button>
        <p class="muted report__hint">{t("reports.schedules.hint")}</p>
      </header>
      {data ? (
        data.results.length ? (
          <ul class="report-jobs" aria-label={t("reports.schedules.title")}>
            {data.results.map((one) => (
              <ScheduleItem
                key={one.id}
                schedule={one}
                onEdit={() => setEdited(one)}
                onDelete={() => void remove(one)}
                onRun={() =>
                  act(() => api.post(`${SCHEDULES}/${one.id}/run`), t("reports.schedules.started", { name: one.name }))
                }
                onPause={() => act(() => api.patch(`${SCHEDULES}/${one.id}`, { is_paused: !one.is_paused }))}
              />
            ))}
          </ul>
        ) : (
          <EmptyState icon="mail" title={t("reports.schedules.none")} text={t("reports.schedules.noneText")} />
        )
      ) : error ? (
        <ErrorState error={error} onRetry={() => void reload()} />
      ) : (
        <SkeletonRows count={3} />
      )}
      {edited && (
        <ScheduleDialog
          schedule={edited === "new" ? null : edited}
          view={view}
          query={query}
          onClose={() => setEdited(null)}
          onSaved={() => {
            setEdited(null);
            void reload();
          }}
        />
      )}
    </section>
  );
}
