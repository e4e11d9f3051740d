/** The period of a report, kept in the address. */
import { t } from "tms/i18n";
import { Field, Select, TextInput } from "tms/ui";
import type { SectionProps } from "./sections.ts";

const DAYS = ["7", "30", "90", "365"] as const;
const DEFAULT = "30";

/** The number of days in the address; 30 without or with another one. */
export function daysOf(query: URLSearchParams): number {
  const given = query.get("days") ?? "";
  return Number(/^[1-9]\d{0,2}$/.test(given) && Number(given) <= 366 ? given : DEFAULT);
}

export function DaysSelect({ view, query, goTo }: SectionProps) {
  const days = String(daysOf(query));
  const choices = DAYS.some((one) => one === days) ? DAYS : [days, ...DAYS];
  return (
    <Field label={t("reports.period")}>
      <Select
        value={days}
        options={choices.map((value) => ({ value, label: t("reports.days", { count: Number(value) }) }))}
        onSelect={(value) => goTo(view, { params: { days: value === DEFAULT ? "" : value } })}
      />
    </Field>
  );
}

/** First and last day in the address, "" where there is none. */
export function periodOf(query: URLSearchParams): { from: string; to: string } {
  const dayOf = (name: string) => (/^\d{4}-\d\d-\d\d$/.test(query.get(name) ?? "") ? (query.get(name) ?? "") : "");
  return { from: dayOf("from"), to: dayOf("to") };
}

export interface PeriodFieldsProps extends SectionProps {
  /** What is shown where the address has no days. */
  shown: { from: string; to: string };
}

export function PeriodFields({ view, query, goTo, shown }: PeriodFieldsProps) {
  const period = periodOf(query);
  const change = (name: "from" | "to") => (day: string) => {
    // The browser says "" while a part of the date is missing.
    if (day) goTo(view, { params: { ...shown, ...period, [name]: day } });
  };
  return (
    <>
      <Field label={t("reports.from")}>
        <TextInput type="date" value={period.from || shown.from} onText={change("from")} />
      </Field>
      <Field label={t("reports.to")}>
        <TextInput type="date" value={period.to || shown.to} onText={change("to")} />
      </Field>
    </>
  );
}
