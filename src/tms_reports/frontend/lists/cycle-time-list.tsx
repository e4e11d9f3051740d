import type { ReportCycleTimeTask } from "tms/api";
import { t } from "tms/i18n";
import { hoursText } from "../durations.ts";
import { Instant, ListCard } from "./list-card.tsx";

/** The tasks whose cycle times count, the longest first. */
export function CycleTimeList({ query }: { query: URLSearchParams }) {
  return (
    <ListCard<ReportCycleTimeTask>
      path="/api/task-report-insight/cycle-time/tasks"
      query={query}
      title={t("reports.name.cycle-time")}
      section="flow"
      columns={[
        { head: t("reports.completed"), cell: ({ completed_at }) => <Instant at={completed_at} /> },
        {
          head: t("reports.cycle.from_created"),
          cell: ({ hours_from_created }) => hoursText(hours_from_created),
          isNumber: true,
        },
        {
          head: t("reports.cycle.from_started"),
          cell: ({ hours_from_started }) => hoursText(hours_from_started),
          isNumber: true,
        },
      ]}
    />
  );
}
