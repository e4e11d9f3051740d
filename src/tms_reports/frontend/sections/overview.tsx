/** The numbers of now, each of which opens the list of the tasks that it counts. */
import { useState } from "preact/hooks";
import type { Priority, Report, Status } from "tms/api";
import { t, today } from "tms/i18n";
import { config, Link } from "tms/module";
import { nameOf, users } from "tms/store";
import { hasFilters } from "tms/tasks";
import { Button, EmptyState, PriorityMark } from "tms/ui";
import { BarChart, type BarRow } from "../charts/bar-chart.tsx";
import { StatusChart } from "../charts/status-chart.tsx";
import { ExportMenu } from "../export-menu.tsx";
import { type Figures, figuresOf, type NamedFigure, topOf } from "../figures.ts";
import { Footer, ReportState } from "../report-state.tsx";
import { paramsOf } from "../reports.ts";
import type { SectionProps } from "../sections.ts";
import { type AnyReport, type ShownReport, useReport } from "../use-report.ts";
import { Tiles, TilesSkeleton } from "./tiles.tsx";

type Insight = Report & AnyReport;

export default function Overview({ view, clearFilters }: SectionProps) {
  const day = today();
  const loaded = useReport<Insight>("insight", view, day);
  return (
    <ReportState loaded={loaded} skeleton={<TilesSkeleton />}>
      {(shown) => (
        <>
          <Content shown={shown} onClear={clearFilters} />
          <div class="report__bottom">
            <Footer report={shown.report} isLoading={loaded.isLoading} onReload={loaded.reload} />
            <ExportMenu report="insight" params={paramsOf(view, day)} />
          </div>
        </>
      )}
    </ReportState>
  );
}

function Content({ shown, onClear }: { shown: ShownReport<Insight>; onClear: () => void }) {
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

interface UserChartProps {
  field: "assignee" | "creator";
  figures: Figures;
  shown: ShownReport<Insight>;
}

function UserChart({ field, figures, shown }: UserChartProps) {
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
