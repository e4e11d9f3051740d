/** Horizontal bars, as a table: each row is a link to its tasks, and can be read without seeing the bars. */
import type { ComponentChildren } from "preact";
import { useId } from "preact/hooks";
import { t } from "tms/i18n";
import { CountCells } from "./count-cells.tsx";

export interface BarRow {
  key: string;
  label: string;
  count: number;
  href: string | null;
  mark?: ComponentChildren;
  /** All the rest: not to be compared with the others. */
  isRest?: boolean;
}

export interface BarChartProps {
  title: string;
  /** The head of the first column. */
  head: string;
  rows: readonly BarRow[];
  total: number;
  /** In place of the bars where there are no rows. */
  empty?: string;
  children?: ComponentChildren;
}

export function BarChart({ title, head, rows, total, empty, children }: BarChartProps) {
  const id = useId();
  const longest = Math.max(1, ...rows.filter((one) => !one.isRest).map(({ count }) => count));
  return (
    <section class="card report__chart" aria-labelledby={id}>
      <h2 id={id}>{title}</h2>
      {rows.length ? (
        <table class="report__table" aria-labelledby={id}>
          <colgroup>
            <col class="report__column-label" />
            <col />
            <col class="report__column-count" />
            <col class="report__column-share" />
          </colgroup>
          <thead class="visually-hidden">
            <tr>
              <th scope="col">{head}</th>
              <td />
              <th scope="col">{t("reports.tasks")}</th>
              <th scope="col">{t("reports.share")}</th>
            </tr>
          </thead>
          <tbody>
            {rows.map((row) => (
              <tr key={row.key} class="report__row" data-linked={row.href !== null}>
                <th scope="row" title={row.label}>
                  <span class="report__label">
                    {row.mark}
                    <span class="truncate">{row.label}</span>
                  </span>
                </th>
                <td class="report__cell">
                  <svg class="report__bar" aria-hidden="true" data-rest={row.isRest}>
                    <rect
                      class="report__bar-value"
                      width={`${Math.min(100, (row.count / longest) * 100)}%`}
                      height="100%"
                      rx="3"
                    />
                  </svg>
                </td>
                <CountCells row={row} total={total} />
              </tr>
            ))}
          </tbody>
        </table>
      ) : (
        <p class="muted">{empty}</p>
      )}
      {children}
    </section>
  );
}
