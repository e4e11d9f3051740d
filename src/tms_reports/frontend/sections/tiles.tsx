/** The numbers at the head of the report. */
import { formatNumber, t } from "tms/i18n";
import { Skeleton } from "tms/ui";
import { CountLink } from "../charts/count-link.tsx";
import type { Figure, Figures } from "../figures.ts";

const NAMES = ["total", "completed", "pending", "overdue", "dueSoon", "unassigned"] as const;

export function Tiles({ figures, rate }: { figures: Figures; rate: number | null }) {
  return (
    <ul class="report__tiles">
      {NAMES.map((name) => (
        <Tile key={name} name={name} figure={figures[name]} />
      ))}
      {rate !== null && <Rate rate={rate} figures={figures} />}
    </ul>
  );
}

function Tile({ name, figure: { count, href } }: { name: (typeof NAMES)[number]; figure: Figure }) {
  const label = t(`reports.${name}`);
  return (
    <li class="report__tile" data-name={name} data-linked={href !== null} data-alarm={name === "overdue" && count > 0}>
      <span class="report__tile-name">{label}</span>
      <CountLink class="report__number number" href={href} label={t("reports.open", { name: label, count })}>
        {formatNumber(count)}
      </CountLink>
      <span class="report__tile-hint">{t(`reports.${name}.hint`)}</span>
    </li>
  );
}

function Rate({ rate, figures }: { rate: number; figures: Figures }) {
  const percent = formatNumber(rate, { style: "percent", maximumFractionDigits: rate > 0 && rate < 0.1 ? 1 : 0 });
  return (
    <li class="report__tile" data-name="rate">
      <span class="report__tile-name">{t("reports.rate")}</span>
      <span class="report__number number">{percent}</span>
      <svg class="report__bar" aria-hidden="true">
        <rect class="report__bar-ground" width="100%" height="100%" rx="3" />
        <rect class="report__bar-value" width={`${rate * 100}%`} height="100%" rx="3" />
      </svg>
      <span class="report__tile-hint">
        {t("reports.rate.hint", {
          done: formatNumber(figures.completed.count),
          all: formatNumber(figures.total.count),
        })}
      </span>
    </li>
  );
}

/** In place of the tiles and charts while the first report is loading. */
export function TilesSkeleton() {
  return (
    <div role="status" aria-label={t("ui.loading")}>
      <div class="report__tiles">
        {[...NAMES, "rate"].map((name) => (
          <div class="report__tile" key={name}>
            <Skeleton width="long" />
            <Skeleton width="short" />
            <Skeleton width="medium" />
          </div>
        ))}
      </div>
      <div class="report__charts">
        {["status", "priority", "assignee", "creator"].map((name) => (
          <div class="card report__chart report__chart--empty" key={name}>
            <Skeleton width="medium" />
          </div>
        ))}
      </div>
    </div>
  );
}
