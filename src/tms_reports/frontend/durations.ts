import { formatNumber } from "tms/i18n";

/** Hours as "25 min", "3.5 h" or "12 d"; a dash for null. */
export function hoursText(hours: number | null): string {
  if (hours === null) return "–";
  const [value, unit] = hours < 1 ? [hours * 60, "minute"] : hours < 48 ? [hours, "hour"] : [hours / 24, "day"];
  const maximumFractionDigits = value < 10 && unit !== "minute" ? 1 : 0;
  return formatNumber(value as number, {
    style: "unit",
    unit: unit as string,
    unitDisplay: "short",
    maximumFractionDigits,
  });
}
