/** Who has how much to do. */
import { useState } from "preact/hooks";
import type { ReportWorkload } from "tms/api";
import { t, today } from "tms/i18n";
import { nameOf, users } from "tms/store";
import { Avatar, Button } from "tms/ui";
import { Card } from "../card.tsx";
import { PriorityBars, type PriorityRow } from "../charts/priority-bars.tsx";
import { pageOf } from "../list-links.ts";
import { paramsOf } from "../reports.ts";
import type { SectionProps } from "../sections.ts";
import { useReport } from "../use-report.ts";

const FEW = 20;
const MORE = 80;

export default function WorkloadSection({ view }: SectionProps) {
  const day = today();
  const [limit, setLimit] = useState(FEW);
  const loaded = useReport<ReportWorkload>("workload", view, day, { limit });
  return (
    <Card
      report="workload"
      params={paramsOf(view, day)}
      title={t("reports.name.workload")}
      hint={t("reports.workload.hint")}
      loaded={loaded}
    >
      {({ results, count }) => {
        const others = count - results.length;
        if (!results.length) return <p class="muted">{t("reports.workload.none")}</p>;
        return (
          <>
            <PriorityBars
              label={t("reports.name.workload")}
              head={t("tasks.field.assigned_to")}
              heads={[t("reports.openTasks"), t("reports.overdue"), t("reports.dueSoon")]}
              rows={results.map(rowOf)}
            />
            {others > 0 && (
              <Button variant="quiet" size="small" class="report__more" onClick={() => setLimit(limit + MORE)}>
                {t("reports.workload.others", { count: others })}
              </Button>
            )}
          </>
        );
      }}
    </Card>
  );
}

function rowOf(one: ReportWorkload["results"][number]): PriorityRow {
  const user = one.assigned_to === null ? null : users.get(one.assigned_to);
  return {
    key: String(one.assigned_to),
    label: one.assigned_to === null ? t("task.unassigned") : user ? nameOf(user) : (one.username ?? ""),
    mark: <Avatar user={user} />,
    byPriority: one.by_priority,
    cells: [
      { count: one.open, href: pageOf(one.url) },
      { count: one.overdue, href: pageOf(one.overdue_url), isAlarm: true },
      { count: one.due_soon, href: pageOf(one.due_soon_url) },
    ],
  };
}
