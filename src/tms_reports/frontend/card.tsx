/** A report of its own: heading, tools, and its states. */
import type { ComponentChildren } from "preact";
import { useId } from "preact/hooks";
import type { Params } from "tms/api";
import { t } from "tms/i18n";
import { Skeleton } from "tms/ui";
import { ExportMenu } from "./export-menu.tsx";
import { Footer, ReportState } from "./report-state.tsx";
import type { ReportName } from "./reports.ts";
import type { AnyReport, LoadedReport } from "./use-report.ts";

export interface CardProps<T extends AnyReport> {
  report: ReportName;
  params: Params;
  title: string;
  /** What is counted, in a sentence. */
  hint: string;
  loaded: LoadedReport<T>;
  /** Controls beside the heading. */
  tools?: ComponentChildren;
  children: (report: T) => ComponentChildren;
}

export function Card<T extends AnyReport>({ report, params, title, hint, loaded, tools, children }: CardProps<T>) {
  const id = useId();
  return (
    <section class="card report__chart report__card" data-report={report} aria-labelledby={id}>
      <header class="report__card-head">
        <h2 id={id}>{title}</h2>
        <ExportMenu report={report} params={params} />
        <p class="muted report__hint">{hint}</p>
        {tools && <div class="report__tools">{tools}</div>}
      </header>
      <ReportState
        loaded={loaded}
        skeleton={
          <div class="report__card-skeleton" role="status" aria-label={t("ui.loading")}>
            <Skeleton width="long" />
            <Skeleton width="medium" />
            <Skeleton width="short" />
          </div>
        }
      >
        {(shown) => (
          <>
            {children(shown.report)}
            <Footer report={shown.report} isLoading={loaded.isLoading} onReload={loaded.reload} />
          </>
        )}
      </ReportState>
    </section>
  );
}
