import { useEffect } from "preact/hooks";
import { t } from "tms/i18n";
import { Link, useTitle } from "tms/module";
import { EmptyState } from "tms/ui";
import { focusHeading } from "./focus.ts";

export function NotFound() {
  useTitle(t("ui.notFound"));
  useEffect(focusHeading, []);
  return (
    <>
      <h1 class="visually-hidden" tabIndex={-1}>
        {t("ui.notFound")}
      </h1>
      <EmptyState icon="search" title={t("ui.notFound")} text={t("ui.notFoundText")}>
        <Link class="button button--primary" href="/">
          {t("ui.toStart")}
        </Link>
      </EmptyState>
    </>
  );
}
