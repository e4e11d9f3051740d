/** What was created and completed, day by day, and what of it is left. */
import type { ReportBurndown, ReportTrend } from "tms/api";
import { formatNumber, t, today } from "tms/i18n";
import { addDays } from "tms/tasks";
import { Card } from "../card.tsx";
import { CountLink } from "../charts/count-link.tsx";
import { LineChart } from "../charts/line-chart.tsx";
import { pageOf } from "../list-links.ts";
import { DaysSelect, daysOf, PeriodFields, periodOf } from "../period.tsx";
import { paramsOf } from "../reports.ts";
import type { SectionProps } from "../sections.ts";
import { useReport } from "../use-report.ts";

export default function TrendSection(props: SectionProps) {
  return (
    <div class="report__stack">
      <Trend {...props} />
      <Burndown {...props} />
    </div>
  );
}

function Trend(props: SectionProps) {
  const { view, query } = props;
  const day = today();
  const days = daysOf(query);
  const loaded = useReport<ReportTrend>("trend", view, day, { days });
  return (
    <Card
      report="trend"
      params={paramsOf(view, day, { days })}
      title={t("reports.name.trend")}
      hint={t("reports.trend.hint")}
      loaded={loaded}
      tools={<DaysSelect {...props} />}
    >
      {(report) => {
        const values = (name: "created" | "completed" | "open") => report.days.map((one) => one[name]);
        const sum = (name: "created" | "completed") => values(name).reduce((all, one) => all + one, 0);
        const dates = report.days.map(({ date }) => date);
        return (
          <>
            <p>
              <Sum name="created" count={sum("created")} url={report.created_url} />
              {", "}
              <Sum name="completed" count={sum("completed")} url={report.completed_url} />
              {"; "}
              <Sum name="open" count={report.days.at(-1)?.open ?? 0} url={report.days.at(-1)?.url ?? null} />.
            </p>
            <div class="report__pair">
              <LineChart
                label={t("reports.trend.flows")}
                days={dates}
                series={[
                  {
                    key: "created",
                    label: t("reports.created"),
                    values: values("created"),
                    hrefs: report.days.map(({ created_url }) => pageOf(created_url)),
                    tone: "info",
                  },
                  {
                    key: "completed",
                    label: t("reports.completed"),
                    values: values("completed"),
                    hrefs: report.days.map(({ completed_url }) => pageOf(completed_url)),
                    tone: "success",
                    isDashed: true,
                  },
                ]}
              />
              <LineChart
                label={t("reports.trend.open")}
                days={dates}
                series={[
                  {
                    key: "open",
                    label: t("reports.openTasks"),
                    values: values("open"),
                    hrefs: report.days.map(({ url }) => pageOf(url)),
                    tone: "accent",
                    isFilled: true,
                  },
                ]}
              />
            </div>
          </>
        );
      }}
    </Card>
  );
}

/** A number of the whole period, which opens its tasks. */
function Sum({ name, count, url }: { name: "created" | "completed" | "open"; count: number; url: string | null }) {
  const text = t(`reports.trend.sum.${name}`, { count: formatNumber(count) });
  return (
    <CountLink href={count ? pageOf(url) : null} label={text}>
      {text}
    </CountLink>
  );
}

function Burndown(props: SectionProps) {
  const { view, query } = props;
  const day = today();
  const { from, to } = periodOf(query);
  const more = { from: from || undefined, to: to || undefined };
  const loaded = useReport<ReportBurndown>("burndown", view, day, more);
  const shown = loaded.shown?.report ?? { from: addDays(day, -29), to: day };
  return (
    <Card
      report="burndown"
      params={paramsOf(view, day, more)}
      title={t("reports.name.burndown")}
      hint={t("reports.burndown.hint")}
      loaded={loaded}
      tools={<PeriodFields {...props} shown={{ from: shown.from, to: shown.to }} />}
    >
      {({ days, ideal }) => {
        if (!days.length) return <p class="muted">{t("reports.burndown.none")}</p>;
        const known = (name: "open" | "scope") => ideal.map((_, index) => days[index]?.[name] ?? null);
        return (
          <LineChart
            label={t("reports.name.burndown")}
            days={ideal.map(({ date }) => date)}
            series={[
              {
                key: "open",
                label: t("reports.openTasks"),
                values: known("open"),
                hrefs: days.map(({ url }) => pageOf(url)),
                tone: "accent",
                isFilled: true,
              },
              {
                key: "scope",
                label: t("reports.burndown.scope"),
                values: known("scope"),
                hrefs: days.map(({ scope_url }) => pageOf(scope_url)),
                tone: "warning",
              },
              {
                key: "ideal",
                label: t("reports.burndown.ideal"),
                values: ideal.map(({ open }) => open),
                tone: "faint",
                isDashed: true,
              },
            ]}
          />
        );
      }}
    </Card>
  );
}
