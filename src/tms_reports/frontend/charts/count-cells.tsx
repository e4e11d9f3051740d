import { formatNumber, t } from "tms/i18n";
import { CountLink } from "./count-link.tsx";

export interface Counted {
  label: string;
  count: number;
  /** The list of what is counted, if there is one. */
  href: string | null;
}

/** The last two cells of a row of a chart: how many, and which share of all. */
export function CountCells({ row, total }: { row: Counted; total: number }) {
  return (
    <>
      <td class="number report__count">
        <CountLink href={row.href} label={t("reports.open", { name: row.label, count: row.count })}>
          {formatNumber(row.count)}
        </CountLink>
      </td>
      <td class="number muted report__share">{share(row.count, total)}</td>
    </>
  );
}

/** As "33 %"; what is not nothing is never 0 %. */
export function share(count: number, total: number): string {
  const part = total ? count / total : 0;
  if (part > 0 && part < 0.005) return `< ${formatNumber(0.01, { style: "percent" })}`;
  return formatNumber(part, { style: "percent", maximumFractionDigits: 0 });
}
