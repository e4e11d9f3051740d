/**
 * Lines over days. The legend has the numbers of one day, which the pointer or the arrow keys choose; a table has all.
 */
import { area, line } from "d3-shape";
import { useState } from "preact/hooks";
import { formatDate, formatNumber, t } from "tms/i18n";
import { CountLink } from "./count-link.tsx";
import { labelled, ticksTo } from "./scale.ts";
import { useWidth } from "./use-width.ts";

export interface Series {
  key: string;
  label: string;
  /** By day; null where there is none, as for days to come. */
  values: readonly (number | null)[];
  tone: "info" | "success" | "accent" | "warning" | "faint";
  isDashed?: boolean;
  /** The lists of what the values count; null where there is none. */
  hrefs?: readonly (string | null)[];
  /** Whether the area below the line is tinted. */
  isFilled?: boolean;
}

export interface LineChartProps {
  label: string;
  days: readonly string[];
  series: readonly Series[];
}

const HEIGHT = 208;
const MARGIN = { top: 8, right: 10, bottom: 22, left: 40 };
/** Pixels that a date below the axis takes. */
const LABEL = 64;

export function LineChart({ label, days, series }: LineChartProps) {
  const [frame, width] = useWidth<HTMLDivElement>();
  const [chosen, choose] = useState<number | null>(null);
  const latest = Math.max(0, ...series.map(({ values }) => values.findLastIndex((value) => value !== null)));
  const shown = Math.min(chosen ?? latest, days.length - 1);
  const ticks = ticksTo(Math.max(0, ...series.flatMap(({ values }) => values.map((value) => value ?? 0))));
  const top = ticks.at(-1) ?? 1;
  const inner = Math.max(0, width - MARGIN.left - MARGIN.right);
  const xOf = (index: number) => MARGIN.left + (days.length > 1 ? (index / (days.length - 1)) * inner : inner / 2);
  const yOf = (value: number) => MARGIN.top + (1 - value / top) * (HEIGHT - MARGIN.top - MARGIN.bottom);
  const dayAt = (event: PointerEvent) => {
    const x = event.clientX - (frame.current?.getBoundingClientRect().left ?? 0) - MARGIN.left;
    const index = inner ? Math.round((x / inner) * (days.length - 1)) : 0;
    choose(Math.min(days.length - 1, Math.max(0, index)));
  };
  const onKeyDown = (event: KeyboardEvent) => {
    const moves: Record<string, number> = {
      ArrowLeft: shown - 1,
      ArrowRight: shown + 1,
      PageDown: shown - 7,
      PageUp: shown + 7,
      Home: 0,
      End: days.length - 1,
    };
    const next = moves[event.key];
    if (next === undefined) return;
    event.preventDefault();
    choose(Math.min(days.length - 1, Math.max(0, next)));
  };
  const day = days[shown] ?? "";
  const numbers = series.map(({ label: name, values }) => `${name}: ${textOf(values[shown])}`).join("; ");
  return (
    <div class="line-chart">
      <ul class="line-chart__legend">
        <li class="line-chart__day">{day && formatDate(day, { weekday: "short", day: "numeric", month: "short" })}</li>
        {series.map((one) => (
          <li key={one.key} data-tone={one.tone}>
            <svg class="line-chart__swatch" viewBox="0 0 16 8" aria-hidden="true">
              <path class="line-chart__line" data-dashed={one.isDashed ?? false} d="M0 4H16" />
            </svg>
            {one.label}{" "}
            <strong class="number">
              <ValueLink series={one} index={shown} day={day} />
            </strong>
          </li>
        ))}
      </ul>
      <div
        class="line-chart__frame"
        ref={frame}
        role="slider"
        tabIndex={0}
        aria-label={t("reports.chart.day", { chart: label })}
        aria-valuemin={1}
        aria-valuemax={days.length}
        aria-valuenow={shown + 1}
        aria-valuetext={`${day && formatDate(day)}: ${numbers}`}
        onKeyDown={onKeyDown}
        onPointerMove={dayAt}
        onPointerDown={dayAt}
        onPointerLeave={() => choose(null)}
      >
        {width > 0 && (
          <svg width={width} height={HEIGHT} aria-hidden="true">
            {ticks.map((tick) => (
              <g key={tick}>
                <path class="line-chart__grid" d={`M${MARGIN.left} ${yOf(tick)}H${width - MARGIN.right}`} />
                <text class="line-chart__tick" x={MARGIN.left - 8} y={yOf(tick) + 4} text-anchor="end">
                  {formatNumber(tick, { notation: "compact" })}
                </text>
              </g>
            ))}
            {labelled(days.length, Math.floor(inner / LABEL)).map((index) => (
              <text
                key={index}
                class="line-chart__tick"
                x={xOf(index)}
                y={HEIGHT - 4}
                text-anchor={days.length > 1 && index === days.length - 1 ? "end" : index === 0 ? "start" : "middle"}
              >
                {formatDate(days[index] ?? "", { day: "numeric", month: "short" })}
              </text>
            ))}
            <path class="line-chart__cursor" d={`M${xOf(shown)} ${MARGIN.top}V${HEIGHT - MARGIN.bottom}`} />
            {series.map((one) => (
              <Line key={one.key} series={one} shown={shown} xOf={xOf} yOf={yOf} />
            ))}
          </svg>
        )}
      </div>
      <details class="report__details">
        <summary>{t("reports.asTable")}</summary>
        <DayTable label={label} days={days} series={series} />
      </details>
    </div>
  );
}

interface LineProps {
  series: Series;
  shown: number;
  xOf: (index: number) => number;
  yOf: (value: number) => number;
}

function Line({ series, shown, xOf, yOf }: LineProps) {
  const { values, tone, isDashed, isFilled } = series;
  const points = values.map((value, index) => ({ value, index }));
  const isKnown = ({ value }: { value: number | null }) => value !== null;
  const x = ({ index }: { index: number }) => xOf(index);
  const y = ({ value }: { value: number | null }) => yOf(value ?? 0);
  const curve = line<(typeof points)[number]>().defined(isKnown).x(x).y(y);
  const ground = area<(typeof points)[number]>().defined(isKnown).x(x).y0(yOf(0)).y1(y);
  const value = values[shown] ?? null;
  return (
    <g data-tone={tone}>
      {isFilled && <path class="line-chart__area" d={ground(points) ?? ""} />}
      <path class="line-chart__line" data-dashed={isDashed ?? false} d={curve(points) ?? ""} />
      {value !== null && <circle class="line-chart__point" cx={xOf(shown)} cy={yOf(value)} r="3.5" />}
    </g>
  );
}

function DayTable({ label, days, series }: LineChartProps) {
  return (
    <div class="report__scroll">
      <table class="report__plain" aria-label={label}>
        <thead>
          <tr>
            <th scope="col">{t("reports.day")}</th>
            {series.map((one) => (
              <th key={one.key} scope="col" class="number">
                {one.label}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {days.map((day, index) => (
            <tr key={day}>
              <th scope="row">{formatDate(day)}</th>
              {series.map((one) => (
                <td key={one.key} class="number">
                  <ValueLink series={one} index={index} day={day} />
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

/** A value that opens its tasks, if there are any. */
function ValueLink({ series, index, day }: { series: Series; index: number; day: string }) {
  const value = series.values[index];
  const name = `${series.label}, ${formatDate(day)}`;
  return (
    <CountLink href={(value && series.hrefs?.[index]) || null} label={t("reports.open", { name, count: value ?? 0 })}>
      {textOf(value)}
    </CountLink>
  );
}

function textOf(value: number | null | undefined): string {
  return value === null || value === undefined ? "–" : formatNumber(value, { maximumFractionDigits: 1 });
}
