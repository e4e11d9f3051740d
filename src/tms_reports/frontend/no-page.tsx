/** What a page shows instead of a report or list that it cannot show. */
import { t } from "tms/i18n";
import { Link } from "tms/module";
import { EmptyState } from "tms/ui";

export function NoPage({ title }: { title: string }) {
  return (
    <EmptyState icon="search" title={title}>
      <Link class="button button--primary" href="/reports">
        {t("reports.section.overview")}
      </Link>
    </EmptyState>
  );
}
