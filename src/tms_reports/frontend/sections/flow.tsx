/** How long tasks took, and for how long the open ones have been open. */
import type { Priority, ReportAging, ReportCycleTime } from "tms/api";
import { formatNumber, t, today } from "tms/i18n";
import { Link } from "tms/module";
import { nameOf, users } from "tms/store";
import { Avatar, Field, PriorityMark, Select } from "tms/ui";
import { Card } from "../card.tsx";
import { CountLink } from "../charts/count-link.tsx";
import { DurationBars, type DurationRow } from "../charts/duration-bars.tsx";
import { PriorityBars } from "../charts/priority-bars.tsx";
import { hoursText } from "../durations.ts";
import { pageOf } from "../list-links.ts";
import { DaysSelect, daysOf } from "../period.tsx";
import { paramsOf } from "../reports.ts";
import type { SectionProps } from "../sections.ts";
import { useReport } from "../use-report.ts";

export default function FlowSection(props: SectionProps) {
  return (
    <div class="report__stack">
      <CycleTime {...props} />
      <Aging {...props} />
    </div>
  );
}

type By = ReportCycleTime["by"];
type Group = ReportCycleTime["groups"][number];
const STARTS = ["from_created", "from_started"] as const;

function CycleTime(props: SectionProps) {
  const { view, query, goTo } = props;
  const day = today();
  const by: By = query.get("by") === "assigned_to" ? "assigned_to" : "priority";
  const more = { days: daysOf(query), by };
  const loaded = useReport<ReportCycleTime>("cycle-time", view, day, more);
  return (
    <Card
      report="cycle-time"
      params={paramsOf(view, day, more)}
      title={t("reports.name.cycle-time")}
      hint={t("reports.cycle.hint")}
      loaded={loaded}
      tools={
        <>
          <DaysSelect {...props} />
          <Field label={t("reports.cycle.by")}>
            <Select<By>
              value={by}
              options={(["priority", "assigned_to"] as const).map((value) => ({
                value,
                label: t(`tasks.field.${value}`),
              }))}
              onSelect={(value) => goTo(view, { params: { by: value === "priority" ? "" : value } })}
            />
          </Field>
        </>
      }
    >
      {(report) =>
        report.from_created.count ? (
          <div class="report__pair">
            {STARTS.map((start) => (
              <div key={start} class="report__part">
                <h3>{t(`reports.cycle.${start}`)}</h3>
                <p class="report__figure">
                  <strong class="number">{hoursText(report[start].median_hours)}</strong>{" "}
                  <span class="muted">
                    {t("reports.cycle.figure", { p85: hoursText(report[start].p85_hours) })}{" "}
                    <CountLink
                      href={report[start].count ? pageOf(report[start].url) : null}
                      label={t("reports.open", { name: t(`reports.cycle.${start}`), count: report[start].count })}
                    >
                      {t("reports.cycle.count", { count: report[start].count })}
                    </CountLink>
                  </span>
                </p>
                <DurationBars
                  label={t(`reports.cycle.${start}`)}
                  head={t(`tasks.field.${report.by}`)}
                  rows={report.groups
                    .filter((one) => one[start].count > 0)
                    .map((one) => rowOf(one, one[start], report.by))}
                />
              </div>
            ))}
          </div>
        ) : (
          <p class="muted">{t("reports.cycle.none")}</p>
        )
      }
    </Card>
  );
}

function rowOf(group: Group, durations: DurationRow["durations"], by: By): DurationRow {
  if (by === "priority") {
    const priority = group.key as Priority;
    return { key: priority, label: t(`priority.${priority}`), mark: <PriorityMark priority={priority} />, durations };
  }
  const user = typeof group.key === "number" ? users.get(group.key) : null;
  const label = group.key === null ? t("task.unassigned") : user ? nameOf(user) : (group.label ?? "");
  return { key: String(group.key), label, mark: <Avatar user={user} />, durations };
}

function Aging({ view }: SectionProps) {
  const day = today();
  const loaded = useReport<ReportAging>("aging", view, day);
  return (
    <Card
      report="aging"
      params={paramsOf(view, day)}
      title={t("reports.name.aging")}
      hint={t("reports.aging.hint")}
      loaded={loaded}
    >
      {({ buckets, median_days, oldest }) =>
        median_days === null ? (
          <p class="muted">{t("reports.aging.none")}</p>
        ) : (
          <div class="report__pair">
            <div class="report__part">
              <h3>{t("reports.aging.byAge")}</h3>
              <p class="report__figure">
                <strong class="number">{t("reports.days", { count: median_days })}</strong>{" "}
                <span class="muted">{t("reports.aging.median")}</span>
              </p>
              <PriorityBars
                label={t("reports.aging.byAge")}
                head={t("reports.aging.age")}
                heads={[t("reports.tasks")]}
                rows={buckets.map((one) => ({
                  key: one.label,
                  label: ageText(one.from_days, one.to_days),
                  byPriority: one.by_priority,
                  cells: [{ count: one.count, href: pageOf(one.url) }],
                }))}
              />
            </div>
            <div class="report__part">
              <h3>{t("reports.aging.oldest")}</h3>
              <ol class="report__oldest">
                {oldest.map((task) => (
                  <li key={task.id}>
                    <Link class="truncate" href={pageOf(task.url) ?? `/tasks/${task.id}`}>
                      {task.title}
                    </Link>
                    <span class="muted number">{t("reports.days", { count: task.days })}</span>
                  </li>
                ))}
              </ol>
            </div>
          </div>
        )
      }
    </Card>
  );
}

function ageText(from: number, to: number | null): string {
  if (to === null) return t("reports.aging.more", { days: formatNumber(from - 1) });
  return t("reports.aging.range", { from: formatNumber(from), to: formatNumber(to) });
}
