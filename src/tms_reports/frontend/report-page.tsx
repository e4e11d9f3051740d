/** The report of today: numbers and charts, each of which opens the list of the tasks that it counts. */
import { useRef, useState } from "preact/hooks";
import type { Priority, Report, Status } from "tms/api";
import { errorText } from "tms/api";
import { formatDateTime, t, today } from "tms/i18n";
import { config, Link, type PageProps, useShortcuts, useTitle } from "tms/module";
import { nameOf, users } from "tms/store";
import { FilterBar, hasFilters, SearchBox, TasksFrame, useTaskView } from "tms/tasks";
import { Button, EmptyState, ErrorState, IconButton, Notice, PriorityMark } from "tms/ui";
import { BarChart, type BarRow } from "./bar-chart.tsx";
import { type Figures, figuresOf, type NamedFigure, topOf } from "./figures.ts";
import { StatusChart } from "./status-chart.tsx";
import { Tiles, TilesSkeleton } from "./tiles.tsx";
import { type ShownReport, useReport } from "./use-report.ts";

export default function ReportPage(props: PageProps) {
  useTitle(t("reports.title"));
  const { view, goTo, clearFilters } = useTaskView("/reports", props);
  const { shown, error, isLoading, isStale, reload } = useReport(view, today());
  const searchInput = useRef<HTMLInputElement>(null);
  useShortcuts([{ keys: "/", label: t("tasks.key.search"), run: () => searchInput.current?.focus() }]);
  return (
    <TasksFrame
      name="reports"
      heading={t("reports.title")}
      tools={
        <SearchBox
          input={searchInput}
          text={view.q}
          onSearch={(q) => goTo({ ...view, q }, { replace: view.q !== "" && q !== "" })}
        />
      }
      openId={null}
      onClosePanel={() => {}}
    >
      <FilterBar view={view} onChange={goTo} onClear={clearFilters} />
      <div class="report" aria-busy={isLoading} data-stale={isStale}>
        {shown ? (
          <>
            {error !== null && (
              <Notice tone="warning">
                {t("reports.notRefreshed", { reason: errorText(error) })}{" "}
                <Button size="small" onClick={reload}>
                  {t("ui.retry")}
                </Button>
              </Notice>
            )}
            <Content shown={shown} onClear={clearFilters} />
            <Footer report={shown.report} isLoading={isLoading} onReload={reload} />
          </>
        ) : error !== null ? (
          <ErrorState error={error} onRetry={reload} />
        ) : (
          <TilesSkeleton />
        )}
      </div>
    </TasksFrame>
  );
}

function Content({ shown, onClear }: { shown: ShownReport; onClear: () => void }) {
  const { report, view } = shown;
  if (!report.total) return <Nothing isFiltered={hasFilters(view)} onClear={onClear} />;
  const figures = figuresOf(report, view, shown.today, dayOf(report.generated_at));
  return (
    <>
      <Tiles figures={figures} rate={report.completion_rate} />
      <div class="report__charts">
        <StatusChart rows={figures.byStatus.map(statusRow)} total={report.total} />
        <BarChart
          title={t("reports.byPriority")}
          head={t("tasks.field.priority")}
          rows={figures.byPriority.map(priorityRow)}
          total={report.total}
        />
        <UserChart field="assignee" {...{ figures, shown }} />
        <UserChart field="creator" {...{ figures, shown }} />
      </div>
    </>
  );
}

const FEW = 8;
const MORE = 50;

function UserChart({ field, figures, shown }: { field: "assignee" | "creator"; figures: Figures; shown: ShownReport }) {
  const [count, setCount] = useState(FEW);
  const { report, view } = shown;
  const all = field === "assignee" ? figures.assigned : figures.created;
  const { top, others } = topOf(all, count, report, view, field);
  const title = t(`reports.${field}`);
  const rows = top.map((one) => userRow(one, report));
  if (others.users)
    rows.push({
      key: "",
      label: t("reports.others", { count: others.users }),
      count: others.count,
      href: others.href,
      isRest: true,
    });
  return (
    <BarChart
      title={title}
      head={t("reports.user")}
      rows={rows}
      total={report.total}
      empty={t(`reports.${field}.none`)}
    >
      {(others.users > 0 || count > FEW) && (
        <Button
          variant="quiet"
          size="small"
          class="report__more"
          onClick={() => setCount(others.users ? count + MORE : FEW)}
        >
          {others.users ? t("reports.more") : t("reports.fewer")}
        </Button>
      )}
    </BarChart>
  );
}

function Nothing({ isFiltered, onClear }: { isFiltered: boolean; onClear: () => void }) {
  if (isFiltered)
    return (
      <EmptyState icon="search" title={t("reports.noMatch")} text={t("reports.noMatchText")}>
        <Button icon="x" onClick={onClear}>
          {t("tasks.clearFilters")}
        </Button>
      </EmptyState>
    );
  return (
    <EmptyState icon="chart" title={t("reports.none")} text={t("reports.noneText")}>
      <Link class="button button--primary" href="/tasks">
        {t("reports.toTasks")}
      </Link>
    </EmptyState>
  );
}

function Footer({ report, isLoading, onReload }: { report: Report; isLoading: boolean; onReload: () => void }) {
  return (
    <footer class="report__footer muted">
      <span>
        <time dateTime={report.generated_at}>{t("reports.asOf", { time: formatDateTime(report.generated_at) })}</time>
        <span class="report__live">{` ${t("reports.live")}`}</span>
      </span>
      <IconButton icon="refresh" label={t("reports.reload")} size="small" isBusy={isLoading} onClick={onReload} />
    </footer>
  );
}

function statusRow(one: NamedFigure<Status>) {
  return { ...one, label: t(`status.${one.key}`) };
}

function priorityRow(one: NamedFigure<Priority>): BarRow {
  return { ...one, label: t(`priority.${one.key}`), mark: <PriorityMark priority={one.key} /> };
}

function userRow(one: NamedFigure<string>, report: Report): BarRow {
  const user = users.get(report.user_ids[one.key] ?? 0);
  return { ...one, label: user ? nameOf(user) : one.key };
}

/** The server's day of an instant. */
function dayOf(instant: string): string {
  const options = { timeZone: config.timezone, dateStyle: "short" } as const;
  return new Intl.DateTimeFormat("sv-SE", options).format(new Date(instant));
}
