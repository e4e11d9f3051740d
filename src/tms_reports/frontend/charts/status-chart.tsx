/** The shares of the statuses, as a ring with its legend; told apart by patterns as well as by colours. */
import { arc, type PieArcDatum, pie } from "d3-shape";
import { useId } from "preact/hooks";
import type { Status } from "tms/api";
import { formatNumber, t } from "tms/i18n";
import { CountCells } from "./count-cells.tsx";

export interface StatusRow {
  key: Status;
  label: string;
  count: number;
  href: string | null;
}

const layout = pie<StatusRow>()
  .value(({ count }) => count)
  .sort(null);
const outline = arc<PieArcDatum<StatusRow>>().innerRadius(34).outerRadius(50).cornerRadius(2).padAngle(0.025);

export function StatusChart({ rows, total }: { rows: readonly StatusRow[]; total: number }) {
  const id = useId();
  const sectors = layout(rows.filter(({ count }) => count > 0));
  return (
    <section class="card report__chart" aria-labelledby={id}>
      <h2 id={id}>{t("reports.byStatus")}</h2>
      <Patterns />
      <div class="report__ring-and-legend">
        <svg class="report__ring" viewBox="-52 -52 104 104" aria-hidden="true">
          {sectors.map((sector) => (
            <path
              key={sector.data.key}
              class={`report__sector report__sector--${sector.data.key}`}
              d={outline(sector) ?? ""}
              fill={`url(#report-${sector.data.key})`}
            />
          ))}
          <text class="report__ring-total" y="2">
            {formatNumber(total, { notation: "compact" })}
          </text>
          <text class="report__ring-text" y="15">
            {t("reports.ring", { count: total })}
          </text>
        </svg>
        <table class="report__table" aria-labelledby={id}>
          <colgroup>
            <col />
            <col class="report__column-count" />
            <col class="report__column-share" />
          </colgroup>
          <thead class="visually-hidden">
            <tr>
              <th scope="col">{t("tasks.field.status")}</th>
              <th scope="col">{t("reports.tasks")}</th>
              <th scope="col">{t("reports.share")}</th>
            </tr>
          </thead>
          <tbody>
            {rows.map((row) => (
              <tr key={row.key} class="report__row" data-linked={row.href !== null}>
                <th scope="row">
                  <span class="report__label">
                    <svg class={`report__swatch report__sector--${row.key}`} viewBox="0 0 12 12" aria-hidden="true">
                      <rect width="12" height="12" rx="3" fill={`url(#report-${row.key})`} />
                    </svg>
                    <span class="truncate">{row.label}</span>
                  </span>
                </th>
                <CountCells row={row} total={total} />
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </section>
  );
}

/** Dots, stripes, plain, and lines. */
function Patterns() {
  const square = { patternUnits: "userSpaceOnUse" as const, width: 4, height: 4 };
  return (
    <svg class="report__patterns" width="0" height="0" aria-hidden="true">
      <defs>
        <pattern id="report-PENDING" {...square} class="report__sector--PENDING">
          <rect class="report__ground" width="4" height="4" />
          <circle class="report__ink" cx="2" cy="2" r="1" />
        </pattern>
        <pattern id="report-IN_PROGRESS" {...square} class="report__sector--IN_PROGRESS" patternTransform="rotate(45)">
          <rect class="report__ground" width="4" height="4" />
          <rect class="report__ink" width="2" height="4" />
        </pattern>
        <pattern id="report-COMPLETED" {...square} class="report__sector--COMPLETED">
          <rect class="report__ink" width="4" height="4" />
        </pattern>
        <pattern id="report-ARCHIVED" {...square} class="report__sector--ARCHIVED">
          <rect class="report__ground" width="4" height="4" />
          <rect class="report__ink" width="4" height="1" />
        </pattern>
      </defs>
    </svg>
  );
}
