/** Leads from a list that the API names, as reports that are read outside of the UI link it, to the page that shows it. */
import { useEffect } from "preact/hooks";
import { t } from "tms/i18n";
import { navigate, type PageProps, useTitle } from "tms/module";
import { TasksFrame } from "tms/tasks";
import { pageOf } from "../list-links.ts";
import { NoPage } from "../no-page.tsx";

export default function OpenPage({ query }: PageProps) {
  useTitle(t("reports.title"));
  const page = pageOf(query.get("list"));
  useEffect(() => {
    if (page !== null) navigate(page, { replace: true });
  }, [page]);
  if (page !== null) return null;
  return (
    <TasksFrame name="reports" heading={t("reports.title")} openId={null} onClosePanel={() => {}}>
      <NoPage title={t("reports.list.noPage")} />
    </TasksFrame>
  );
}
