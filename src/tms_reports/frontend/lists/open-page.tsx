/** Leads from a list that the API names, as reports that are read outside of the UI link it, to the page that shows it. */
import { useEffect } from "preact/hooks";
import { t } from "tms/i18n";
import { Link, navigate, type PageProps, useTitle } from "tms/module";
import { TasksFrame } from "tms/tasks";
import { EmptyState } from "tms/ui";
import { pageOf } from "../list-links.ts";

export default function OpenPage({ query }: PageProps) {
  useTitle(t("reports.title"));
  const page = pageOf(query.get("list"));
  useEffect(() => {
    if (page !== null) navigate(page, { replace: true });
  }, [page]);
  if (page !== null) return null;
  return (
    <TasksFrame name="reports" heading={t("reports.title")} openId={null} onClosePanel={() => {}}>
      <EmptyState icon="search" title={t("reports.list.noPage")}>
        <Link class="button button--primary" href="/reports">
          {t("reports.section.overview")}
        </Link>
      </EmptyState>
    </TasksFrame>
  );
}
