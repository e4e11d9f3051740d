import type { ReportTrendTask } from "tms/api";
import { t } from "tms/i18n";
import { type Column, Instant, ListCard } from "./list-card.tsx";

const NUMBERS = ["created", "completed", "archived", "reopened", "closed", "open", "scope"];

/** The tasks that a number of the trend or the burndown counts; a task stands there as often as it counts. */
export function TrendList({ query }: { query: URLSearchParams }) {
  const number = query.get("number") ?? "";
  const isOfChanges = !["created", "open"].includes(number);
  const columns: Column<ReportTrendTask>[] = [
    { head: t(isOfChanges ? "reports.list.when" : "tasks.field.created_at"), cell: ({ at }) => <Instant at={at} /> },
  ];
  if (isOfChanges) columns.push({ head: t("reports.list.change"), cell: changeText });
  return (
    <ListCard
      path="/api/task-report-insight/trend/tasks"
      query={query}
      title={NUMBERS.includes(number) ? t(`reports.list.${number}`) : t("reports.tasks")}
      section="trend"
      columns={columns}
    />
  );
}

function changeText({ old_status, new_status }: ReportTrendTask): string {
  if (!new_status) return t("reports.created");
  if (!old_status) return t(`status.${new_status}`);
  return `${t(`status.${old_status}`)} → ${t(`status.${new_status}`)}`;
}
