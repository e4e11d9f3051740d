/** The filters by due date, of choices relative to today or a range of days, and by days of creation. */
import { useState } from "preact/hooks";
import { t } from "tms/i18n";
import { Button, Dialog, Field, Icon, type Option, TextInput } from "tms/ui";
import { DUE_CHOICES, type Due, type DueRange, daysOf, dueText, isRange, makeRange } from "./due.ts";
import { FilterChip } from "./filter-chip.tsx";

const OTHER = "other";

export interface DueFilterProps {
  due: Due | null;
  onChange: (due: Due | null) => void;
}

export function DueFilter({ due, onChange }: DueFilterProps) {
  const [isChoosing, setChoosing] = useState(false);
  const mark = <Icon name="calendar" />;
  const options: Option<string>[] = [
    ...DUE_CHOICES.map((value) => ({ value, label: t(`tasks.due.${value}`), mark })),
    ...(isRange(due) ? [{ value: due, label: dueText(due), mark }] : []),
    { value: OTHER, label: t("tasks.due.otherRange"), mark },
  ];
  return (
    <>
      <FilterChip<string>
        label={t("tasks.field.due_date")}
        options={options}
        selected={due ? [due] : []}
        onChange={([value]) => (value === OTHER ? setChoosing(true) : onChange((value as Due | undefined) ?? null))}
      />
      {isChoosing && (
        <RangeDialog
          title={t("tasks.due.rangeTitle")}
          initial={isRange(due) ? due : null}
          onChoose={onChange}
          onClose={() => setChoosing(false)}
        />
      )}
    </>
  );
}

export interface CreatedFilterProps {
  days: DueRange;
  onChange: (days: DueRange | null) => void;
}

/** The filter that links of reports set. */
export function CreatedFilter({ days, onChange }: CreatedFilterProps) {
  const [isChoosing, setChoosing] = useState(false);
  const mark = <Icon name="calendar" />;
  const options: Option<string>[] = [
    { value: days, label: dueText(days), mark },
    { value: OTHER, label: t("tasks.due.otherRange"), mark },
  ];
  return (
    <>
      <FilterChip<string>
        label={t("tasks.field.created_at")}
        options={options}
        selected={[days]}
        onChange={([value]) => (value === OTHER ? setChoosing(true) : onChange(null))}
      />
      {isChoosing && (
        <RangeDialog
          title={t("tasks.created.rangeTitle")}
          initial={days}
          onChoose={onChange}
          onClose={() => setChoosing(false)}
        />
      )}
    </>
  );
}

interface RangeDialogProps {
  title: string;
  initial: DueRange | null;
  onChoose: (range: DueRange | null) => void;
  onClose: () => void;
}

function RangeDialog({ title, initial, onChoose, onClose }: RangeDialogProps) {
  const [[from, to], setDays] = useState<[string, string]>(initial ? daysOf(initial) : ["", ""]);
  return (
    <Dialog title={title} onClose={onClose}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          onChoose(makeRange(from, to));
          onClose();
        }}
      >
        <div class="due-range">
          <Field label={t("tasks.due.first")}>
            <TextInput type="date" value={from} onText={(day) => setDays([day, to])} autofocus />
          </Field>
          <Field label={t("tasks.due.last")}>
            <TextInput type="date" value={to} onText={(day) => setDays([from, day])} />
          </Field>
        </div>
        <p class="field__hint">{t("tasks.due.rangeHint")}</p>
        <div class="dialog__actions">
          <Button onClick={onClose}>{t("ui.cancel")}</Button>
          <Button variant="primary" type="submit" disabled={!from && !to}>
            {t("tasks.due.apply")}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
