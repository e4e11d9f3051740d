/** The states that all reports share: loading, failed, outdated; and of which moment they are. */
import type { ComponentChildren } from "preact";
import { errorText } from "tms/api";
import { formatDateTime, formatNumber, t } from "tms/i18n";
import { Button, ErrorState, IconButton, Notice } from "tms/ui";
import type { AnyReport, LoadedReport, ShownReport } from "./use-report.ts";

export interface ReportStateProps<T extends AnyReport> {
  loaded: LoadedReport<T>;
  /** In its place while the first one is loading. */
  skeleton: ComponentChildren;
  children: (shown: ShownReport<T>) => ComponentChildren;
}

export function ReportState<T extends AnyReport>({ loaded, skeleton, children }: ReportStateProps<T>) {
  const { shown, error, isLoading, isStale, reload } = loaded;
  if (!shown) return error === null ? skeleton : <ErrorState error={error} onRetry={reload} />;
  return (
    <div class="report__state" aria-busy={isLoading} data-stale={isStale}>
      {error !== null && (
        <Notice tone="warning">
          {t("reports.notRefreshed", { reason: errorText(error) })}{" "}
          <Button size="small" onClick={reload}>
            {t("ui.retry")}
          </Button>
        </Notice>
      )}
      {children(shown)}
    </div>
  );
}

export interface FooterProps {
  report: AnyReport;
  isLoading: boolean;
  onReload: () => void;
}

/** As of when the numbers are, to the event. */
export function Footer({ report, isLoading, onReload }: FooterProps) {
  const { generated_at, as_of_event, mode } = report;
  const time = formatDateTime(generated_at);
  return (
    <footer class="report__footer muted">
      <span>
        <time dateTime={generated_at}>{t("reports.asOf", { time, event: formatNumber(as_of_event) })}</time>
        {mode && ` ${t(`reports.mode.${mode}`)}`}
        <span class="report__live">{` ${t("reports.live")}`}</span>
      </span>
      <IconButton icon="refresh" label={t("reports.reload")} size="small" isBusy={isLoading} onClick={onReload} />
    </footer>
  );
}
