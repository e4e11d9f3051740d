/** Horizontal bars, parted by priority, as a table: the numbers of each row are links to their lists. */
import type { ComponentChildren } from "preact";
import { PRIORITIES, type Priority } from "tms/api";
import { formatNumber, t } from "tms/i18n";
import { readView, writeView } from "tms/tasks";
import { PriorityMark } from "tms/ui";
import { CountLink } from "./count-link.tsx";

export interface Cell {
  count: number;
  href: string | null;
  isAlarm?: boolean;
}

export interface PriorityRow {
  key: string;
  label: string;
  mark?: ComponentChildren;
  byPriority: Readonly<Record<string, number>>;
  /** One for each of `heads`. */
  cells: readonly Cell[];
}

export interface PriorityBarsProps {
  label: string;
  /** Of the first column. */
  head: string;
  /** Of the columns of numbers. */
  heads: readonly string[];
  rows: readonly PriorityRow[];
}

const MOST_URGENT_FIRST = PRIORITIES.toReversed();

export function PriorityBars({ label, head, heads, rows }: PriorityBarsProps) {
  const longest = Math.max(1, ...rows.map(({ byPriority }) => sumOf(byPriority)));
  return (
    <>
      <ul class="priority-bars__legend">
        {MOST_URGENT_FIRST.map((one) => (
          <li key={one}>
            <svg class="priority-bars__swatch" viewBox="0 0 12 12" aria-hidden="true">
              <rect width="12" height="12" rx="3" class="priority-bars__part" data-priority={one} />
            </svg>
            {t(`priority.${one}`)}
          </li>
        ))}
      </ul>
      <table class="priority-bars" aria-label={label} data-columns={heads.length}>
        <thead class={heads.length > 1 ? "" : "visually-hidden"}>
          <tr>
            <th scope="col">{head}</th>
            <td />
            {heads.map((one) => (
              <th key={one} scope="col" class="number">
                {one}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr key={row.key}>
              <th scope="row" title={row.label}>
                <span class="report__label">
                  {row.mark}
                  <span class="truncate">{row.label}</span>
                </span>
              </th>
              <td>
                <Bar byPriority={row.byPriority} longest={longest} />
              </td>
              {row.cells.map((cell, index) => (
                <td key={heads[index]} class="number" data-alarm={cell.isAlarm && cell.count > 0}>
                  <CountLink
                    href={cell.count ? cell.href : null}
                    label={t("reports.open", { name: nameOf(row.label, heads, index), count: cell.count })}
                  >
                    {formatNumber(cell.count)}
                  </CountLink>
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
      <details class="report__details">
        <summary>{t("reports.asTable")}</summary>
        <div class="report__scroll">
          <PriorityTable {...{ label, head, rows }} />
        </div>
      </details>
    </>
  );
}

function nameOf(label: string, heads: readonly string[], index: number): string {
  return heads.length > 1 ? `${label}, ${heads[index]}` : label;
}

function Bar({ byPriority, longest }: { byPriority: Readonly<Record<string, number>>; longest: number }) {
  let end = 0;
  return (
    <svg class="report__bar" aria-hidden="true">
      {MOST_URGENT_FIRST.map((one) => {
        const width = ((byPriority[one] ?? 0) / longest) * 100;
        const start = end;
        end += width;
        return (
          width > 0 && (
            <rect
              key={one}
              class="priority-bars__part"
              data-priority={one}
              x={`${start}%`}
              width={`${width}%`}
              height="100%"
            />
          )
        );
      })}
    </svg>
  );
}

function PriorityTable({ label, head, rows }: Pick<PriorityBarsProps, "label" | "head" | "rows">) {
  return (
    <table class="report__plain" aria-label={t("reports.byPriorityOf", { chart: label })}>
      <thead>
        <tr>
          <th scope="col">{head}</th>
          {MOST_URGENT_FIRST.map((one) => (
            <th key={one} scope="col" class="number">
              <PriorityHead priority={one} />
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {rows.map((row) => (
          <tr key={row.key}>
            <th scope="row">{row.label}</th>
            {MOST_URGENT_FIRST.map((one) => (
              <td key={one} class="number">
                <CountLink
                  href={row.byPriority[one] ? withPriority(row.cells[0]?.href ?? null, one) : null}
                  label={t("reports.open", {
                    name: `${row.label}, ${t(`priority.${one}`)}`,
                    count: row.byPriority[one] ?? 0,
                  })}
                >
                  {formatNumber(row.byPriority[one] ?? 0)}
                </CountLink>
              </td>
            ))}
          </tr>
        ))}
      </tbody>
    </table>
  );
}

/** The address of a list with only one of its priorities. */
function withPriority(href: string | null, priority: Priority): string | null {
  if (href === null) return null;
  const [path = "", search = ""] = href.split("?");
  return `${path}${writeView({ ...readView(new URLSearchParams(search)), priority: [priority] })}`;
}

function PriorityHead({ priority }: { priority: Priority }) {
  return (
    <span class="report__priority-head">
      <PriorityMark priority={priority} />
      {t(`priority.${priority}`)}
    </span>
  );
}

function sumOf(byPriority: Readonly<Record<string, number>>): number {
  return Object.values(byPriority).reduce((sum, one) => sum + one, 0);
}
