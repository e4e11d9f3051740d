/** The page of the tasks that a number of the trend, the burndown or the cycle time counts. */
import { t } from "tms/i18n";
import { type PageProps, useTitle } from "tms/module";
import { TasksFrame } from "tms/tasks";
import { NoPage } from "../no-page.tsx";
import { CycleTimeList } from "./cycle-time-list.tsx";
import { TrendList } from "./trend-list.tsx";

export default function ListPage({ params, query }: PageProps) {
  useTitle(`${t("reports.tasks")} · ${t("reports.title")}`);
  return (
    <TasksFrame name="reports" heading={t("reports.title")} openId={null} onClosePanel={() => {}}>
      <div class="report">
        {params.list === "trend" ? (
          <TrendList query={query} />
        ) : params.list === "cycle-time" ? (
          <CycleTimeList query={query} />
        ) : (
          <NoPage title={t("reports.noSection")} />
        )}
      </div>
    </TasksFrame>
  );
}
