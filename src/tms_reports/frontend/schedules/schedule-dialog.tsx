/** Creates or changes a schedule. A new one takes the filters of the page. */
import { useEffect, useRef, useState } from "preact/hooks";
import { ApiError, errorText, fieldText, type ReportSchedule, session } from "tms/api";
import { t, timeZone, today } from "tms/i18n";
import { nameOf, users } from "tms/store";
import { type ListView, userOptions } from "tms/tasks";
import { Button, Checkbox, Combobox, Dialog, Field, Notice, type Option, TextInput } from "tms/ui";
import { parametersOf, parametersText } from "../parameters.ts";
import { ReportField } from "../report-fields.tsx";
import { DEFAULT, readCron, writeCron } from "./cron.ts";
import { RhythmFields } from "./rhythm-fields.tsx";
import { isWithoutMail, type ScheduleDraft, saveSchedule } from "./schedule.ts";

export interface ScheduleDialogProps {
  /** Null for a new one. */
  schedule: ReportSchedule | null;
  view: ListView;
  query: URLSearchParams;
  onClose: () => void;
  onSaved: () => void;
}

const CLOSEST = ["name", "cron", "timezone", "recipients"] as const;
type Faults = Partial<Record<(typeof CLOSEST)[number] | "other", string>>;

export function ScheduleDialog({ schedule, view, query, onClose, onSaved }: ScheduleDialogProps) {
  const [draft, setDraft] = useState<ScheduleDraft>(() => schedule ?? emptySchedule());
  const [rhythm, setRhythm] = useState(() => (schedule ? readCron(schedule.cron) : DEFAULT));
  const [takesFilters, setTakesFilters] = useState(schedule === null);
  const [faults, setFaults] = useState<Faults>({});
  const [isBusy, setBusy] = useState(false);
  const form = useRef<HTMLFormElement>(null);
  useEffect(() => form.current?.querySelector("input")?.focus(), []);
  useEffect(() => {
    form.current?.querySelector<HTMLElement>("[aria-invalid=true]")?.focus();
  }, [faults]);

  const own = parametersOf(draft.report, view, query, today());
  const isSame = schedule !== null && schedule.report === draft.report;
  const parameters = takesFilters || !isSame ? own : draft.parameters;
  const change = (part: Partial<ScheduleDraft>) => setDraft((before) => ({ ...before, ...part }));
  const submit = async (event: Event) => {
    event.preventDefault();
    if (isBusy) return;
    const found: Faults = {
      ...(!draft.name.trim() && { name: t("ui.required") }),
      ...(!draft.recipients.length && { recipients: t("reports.schedules.noRecipient") }),
      ...(!writeCron(rhythm) && { cron: t("ui.required") }),
    };
    setFaults(found);
    if (Object.keys(found).length) return;
    setBusy(true);
    const { name, timezone, report, recipients } = draft;
    const body = { name: name.trim(), timezone, report, recipients, cron: writeCron(rhythm), parameters };
    try {
      await saveSchedule(schedule?.id ?? null, body);
      onSaved();
    } catch (error) {
      setFaults(faultsOf(error));
      setBusy(false);
    }
  };
  return (
    <Dialog title={schedule ? t("reports.schedules.edit") : t("reports.schedules.new")} onClose={onClose} isWide>
      <form class="stack" ref={form} onSubmit={submit} noValidate>
        {faults.other && <Notice tone="danger">{faults.other}</Notice>}
        <Field label={t("reports.schedules.name")} error={faults.name}>
          <TextInput
            value={draft.name}
            onText={(name) => change({ name })}
            maxLength={100}
            autocomplete="off"
            required
          />
        </Field>
        <ReportField report={draft.report} onReport={(report) => change({ report })} />
        <div>
          <p class="muted report__hint">
            {t(parameters === own ? "reports.withFilters" : "reports.ofFilters", {
              filters: parametersText(parameters),
            })}
          </p>
          {isSame && (
            <Checkbox label={t("reports.schedules.takeFilters")} checked={takesFilters} onToggle={setTakesFilters} />
          )}
        </div>
        <RhythmFields rhythm={rhythm} error={faults.cron} onChange={setRhythm} />
        <Field label={t("reports.schedules.zone")} error={faults.timezone}>
          <TextInput value={draft.timezone} onText={(timezone) => change({ timezone })} autocomplete="off" required />
        </Field>
        <Recipients
          selected={draft.recipients}
          error={faults.recipients}
          onChange={(recipients) => change({ recipients })}
        />
        <div class="dialog__actions">
          <Button onClick={onClose}>{t("ui.cancel")}</Button>
          <Button type="submit" variant="primary" isBusy={isBusy}>
            {t("reports.schedules.save")}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}

interface RecipientsProps {
  selected: readonly number[];
  error: string | undefined;
  onChange: (selected: number[]) => void;
}

function Recipients({ selected, error, onChange }: RecipientsProps) {
  const known = userOptions();
  // Those who are no longer active are still recipients, and can be taken away.
  const others = selected
    .filter((id) => !known.some(({ value }) => value === id))
    .map((id): Option<number> => {
      const user = users.get(id);
      return { value: id, label: user ? nameOf(user) : `#${id}` };
    });
  const label = t("reports.schedules.recipients");
  return (
    <Field label={label} hint={t("reports.schedules.recipientsHint")} error={error}>
      <Combobox<number>
        label={label}
        options={[...known, ...others]}
        selected={selected}
        placeholder={t("reports.schedules.choose")}
        isMultiple
        onSearch={(text) => void users.search(text).catch(() => {})}
        onPick={(id) => onChange(selected.includes(id) ? selected.filter((one) => one !== id) : [...selected, id])}
      />
    </Field>
  );
}

function emptySchedule(): ScheduleDraft {
  const me = session.user.peek()?.id;
  return {
    name: "",
    cron: "",
    timezone: timeZone.peek(),
    report: "insight",
    parameters: {},
    recipients: me === undefined ? [] : [me],
  };
}

/** The errors of a response by the field that shows them. */
function faultsOf(error: unknown): Faults {
  if (isWithoutMail(error)) return { other: t("reports.schedules.off") };
  if (!(error instanceof ApiError) || !error.errors.length) return { other: errorText(error) };
  const found: Faults = {};
  for (const one of error.errors) {
    const name = CLOSEST.find((field) => one.field === field || one.field?.startsWith(`${field}.`)) ?? "other";
    found[name] ??= fieldText(one);
  }
  return found;
}
