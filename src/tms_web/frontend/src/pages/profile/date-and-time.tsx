import { useState } from "preact/hooks";
import { errorText } from "tms/api";
import {
  accountTimeZone,
  type DateFormat,
  dateFormat,
  formatDate,
  formatDateTime,
  hourFormat,
  t,
  today,
} from "tms/i18n";
import { config } from "tms/module";
import { Combobox, Notice } from "tms/ui";
import { DATE_FORMATS, deviceTimeZone, HOUR_FORMATS, TIME_ZONES } from "../../shell/preferences.ts";
import { Choices } from "./choices.tsx";
import { Section } from "./section.tsx";

/** Time zone, and how dates and times are written. */
export default function DateAndTime() {
  const day = today();
  return (
    <Section
      title={t("profile.time.title")}
      text={accountTimeZone.value ? t("profile.time.textWithAccount") : t("profile.onThisDevice")}
    >
      <TimeZone />
      <Choices
        legend={t("profile.time.dates")}
        name="date-format"
        options={DATE_FORMATS.map((one) => ({ value: one, label: dateName(one), hint: exampleOf(one, day) }))}
        value={dateFormat.value}
        onPick={(one) => {
          dateFormat.value = one;
        }}
      />
      <Choices
        legend={t("profile.time.hours")}
        name="hour-format"
        options={HOUR_FORMATS.map((one) => ({ value: one, label: t(`profile.time.hours.${one}`) }))}
        value={hourFormat.value}
        onPick={(one) => {
          hourFormat.value = one;
        }}
      />
      <p class="muted" aria-live="polite">
        {t("profile.time.now", { time: formatDateTime(new Date().toISOString()) })}
      </p>
    </Section>
  );
}

function TimeZone() {
  const account = accountTimeZone.value;
  const [failure, setFailure] = useState<string | null>(null);
  const chosen = account ? (account.zone ?? "") : deviceTimeZone.value;
  const label = t("profile.time.zone");
  const choose = async (zone: string) => {
    setFailure(null);
    if (!account) {
      deviceTimeZone.value = zone;
      return;
    }
    try {
      await account.choose(zone || null);
    } catch (error) {
      setFailure(errorText(error));
    }
  };
  return (
    <div class="field profile__zone">
      <span class="field__label">{label}</span>
      <Combobox
        label={label}
        options={[
          { value: "", label: t("profile.time.deployment", { zone: config.timezone }) },
          ...TIME_ZONES.map((zone) => ({ value: zone, label: zone.replaceAll("_", " ") })),
        ]}
        selected={[chosen]}
        onPick={(zone) => void choose(zone)}
      />
      <p class="field__hint">{t("profile.time.zoneHint")}</p>
      {failure && <Notice tone="danger">{failure}</Notice>}
    </div>
  );
}

function dateName(format: DateFormat): string {
  return t(`profile.time.dates.${format}`);
}

function exampleOf(format: DateFormat, day: string): string {
  const [year, month, date] = day.split("-");
  const examples = { iso: day, dmy: `${date}.${month}.${year}`, mdy: `${month}/${date}/${year}` };
  return format === "language"
    ? formatDate(day, { day: "numeric", month: "short", year: "numeric" })
    : examples[format];
}
