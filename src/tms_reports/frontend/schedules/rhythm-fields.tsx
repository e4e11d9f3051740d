/** When a report is sent: a rhythm of the usual ones, or a cron expression. */
import { t } from "tms/i18n";
import { Field, Select, TextInput } from "tms/ui";
import { KINDS, type Kind, LAST_DAY, type Rhythm, weekdayName, writeCron } from "./cron.ts";

export interface RhythmFieldsProps {
  rhythm: Rhythm;
  /** What is wrong with the expression. */
  error: string | undefined;
  onChange: (rhythm: Rhythm) => void;
}

const WEEKDAYS = [1, 2, 3, 4, 5, 6, 0];
const DAYS = Array.from({ length: LAST_DAY }, (_, index) => index + 1);

export function RhythmFields({ rhythm, error, onChange }: RhythmFieldsProps) {
  const { kind, time, weekday, day, cron } = rhythm;
  const chooseKind = (next: Kind) =>
    // An own expression begins with that of the rhythm before.
    onChange({ ...rhythm, kind: next, ...(next === "custom" && { cron: writeCron(rhythm) }) });
  return (
    <div class="report-dialog__row">
      <Field label={t("reports.rhythm")}>
        <Select<Kind>
          value={kind}
          options={KINDS.map((value) => ({ value, label: t(`reports.rhythm.${value}`) }))}
          onSelect={chooseKind}
        />
      </Field>
      {kind === "weekly" && (
        <Field label={t("reports.rhythm.weekday")}>
          <Select
            value={String(weekday)}
            options={WEEKDAYS.map((one) => ({ value: String(one), label: weekdayName(one) }))}
            onSelect={(one) => onChange({ ...rhythm, weekday: Number(one) })}
          />
        </Field>
      )}
      {kind === "monthly" && (
        <Field label={t("reports.rhythm.day")}>
          <Select
            value={String(day)}
            options={DAYS.map((one) => ({ value: String(one), label: String(one) }))}
            onSelect={(one) => onChange({ ...rhythm, day: Number(one) })}
          />
        </Field>
      )}
      {kind === "custom" ? (
        <Field label={t("reports.rhythm.cron")} hint={t("reports.rhythm.cronHint")} error={error}>
          <TextInput value={cron} onText={(text) => onChange({ ...rhythm, cron: text })} maxLength={100} />
        </Field>
      ) : (
        <Field label={t("reports.rhythm.time")} error={error}>
          <TextInput type="time" value={time} onText={(text) => onChange({ ...rhythm, time: text || time })} required />
        </Field>
      )}
    </div>
  );
}
