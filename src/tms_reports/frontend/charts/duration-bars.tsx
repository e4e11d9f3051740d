/** Medians and 85th percentiles as bars, in a table. */
import type { ComponentChildren } from "preact";
import type { ReportDurations } from "tms/api";
import { formatNumber, t } from "tms/i18n";
import { hoursText } from "../durations.ts";
import { pageOf } from "../list-links.ts";
import { CountLink } from "./count-link.tsx";

export interface DurationRow {
  key: string;
  label: string;
  mark?: ComponentChildren;
  durations: ReportDurations;
}

export interface DurationBarsProps {
  label: string;
  /** Of the first column. */
  head: string;
  rows: readonly DurationRow[];
}

export function DurationBars({ label, head, rows }: DurationBarsProps) {
  const longest = Math.max(1 / 60, ...rows.map(({ durations }) => durations.p85_hours ?? 0));
  const widthOf = (hours: number | null) => `${((hours ?? 0) / longest) * 100}%`;
  return (
    <table class="priority-bars duration-bars" aria-label={label} data-columns="3">
      <thead>
        <tr>
          <th scope="col">{head}</th>
          <td />
          <th scope="col" class="number">
            {t("reports.median")}
          </th>
          <th scope="col" class="number">
            {t("reports.p85")}
          </th>
          <th scope="col" class="number">
            {t("reports.tasks")}
          </th>
        </tr>
      </thead>
      <tbody>
        {rows.map(({ key, label: name, mark, durations }) => (
          <tr key={key}>
            <th scope="row" title={name}>
              <span class="report__label">
                {mark}
                <span class="truncate">{name}</span>
              </span>
            </th>
            <td>
              <svg class="report__bar" aria-hidden="true">
                <rect class="duration-bars__most" width={widthOf(durations.p85_hours)} height="100%" rx="3" />
                <rect class="report__bar-value" width={widthOf(durations.median_hours)} height="100%" rx="3" />
              </svg>
            </td>
            <td class="number">{hoursText(durations.median_hours)}</td>
            <td class="number muted">{hoursText(durations.p85_hours)}</td>
            <td class="number muted">
              <CountLink
                href={pageOf(durations.url)}
                label={t("reports.open", { name: `${label}, ${name}`, count: durations.count })}
              >
                {formatNumber(durations.count)}
              </CountLink>
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
