/** The filters as chips: a press opens the values, the cross takes the filter away. */
import { useCallback, useRef, useState } from "preact/hooks";
import { PRIORITIES, STATUSES } from "tms/api";
import { t } from "tms/i18n";
import type { Ordering } from "tms/store";
import { Avatar, Button, Icon, Menu, type Option, Picker, PriorityMark, StatusMark } from "tms/ui";
import { userOptions } from "./edit-picker.tsx";
import { DUE_CHOICES, hasFilters, type ListView, type Person } from "./query.ts";

export interface FilterBarProps {
  view: ListView;
  onChange: (view: ListView) => void;
  onClear: () => void;
  /** Leaves out due date and order, which a calendar has by itself. */
  isByDay?: boolean;
}

export function FilterBar({ view, onChange, onClear, isByDay }: FilterBarProps) {
  const people: Option<Person>[] = [
    { value: "me", label: t("tasks.me"), mark: <Icon name="user" /> },
    ...userOptions().map((one) => ({ ...one, value: one.value as Person })),
  ];
  const nobody: Option<Person> = { value: "none", label: t("task.unassigned"), mark: <Avatar user={null} /> };
  return (
    <section class="tasks__filters" aria-label={t("tasks.filters")}>
      <FilterChip
        label={t("tasks.field.status")}
        options={STATUSES.map((value) => ({ value, label: t(`status.${value}`), mark: <StatusMark status={value} /> }))}
        selected={view.status}
        onChange={(status) => onChange({ ...view, status })}
        isMultiple
      />
      <FilterChip
        label={t("tasks.field.priority")}
        options={PRIORITIES.toReversed().map((value) => ({
          value,
          label: t(`priority.${value}`),
          mark: <PriorityMark priority={value} />,
        }))}
        selected={view.priority}
        onChange={(priority) => onChange({ ...view, priority })}
        isMultiple
      />
      <FilterChip
        label={t("tasks.field.assigned_to")}
        options={[...people.slice(0, 1), nobody, ...people.slice(1)]}
        selected={view.assignee}
        onChange={(assignee) => onChange({ ...view, assignee })}
        isMultiple
      />
      <FilterChip
        label={t("tasks.field.created_by")}
        options={people}
        selected={view.creator}
        onChange={(creator) => onChange({ ...view, creator })}
        isMultiple
      />
      {!isByDay && (
        <>
          <FilterChip
            label={t("tasks.field.due_date")}
            options={DUE_CHOICES.map((value) => ({ value, label: t(`tasks.due.${value}`) }))}
            selected={view.due ? [view.due] : []}
            onChange={([due]) => onChange({ ...view, due: due ?? null })}
          />
          <OrderMenu view={view} onChange={onChange} />
        </>
      )}
      {hasFilters(view) && (
        <Button variant="quiet" size="small" onClick={onClear}>
          {t("tasks.clearFilters")}
        </Button>
      )}
    </section>
  );
}

interface FilterChipProps<T> {
  label: string;
  options: Option<T>[];
  selected: readonly T[];
  onChange: (selected: T[]) => void;
  isMultiple?: boolean;
}

function FilterChip<T extends string | number>({ label, options, selected, onChange, isMultiple }: FilterChipProps<T>) {
  const [isOpen, setOpen] = useState(false);
  const button = useRef<HTMLButtonElement>(null);
  const close = useCallback(() => setOpen(false), []);
  const names = selected.map((value) => options.find((one) => one.value === value)?.label ?? String(value));
  const pick = (value: T) => {
    const others = selected.filter((one) => one !== value);
    if (others.length < selected.length) onChange(others);
    else onChange(isMultiple ? [...others, value] : [value]);
  };
  return (
    <span class="filter-chip" data-set={selected.length > 0}>
      <button
        type="button"
        class="filter-chip__button"
        ref={button}
        aria-haspopup="listbox"
        aria-expanded={isOpen}
        onClick={() => setOpen(!isOpen)}
      >
        <span>{names.length ? `${label}:` : label}</span>
        {names.length > 0 && (
          <strong class="truncate">
            {names.length > 2 ? t("tasks.several", { count: names.length }) : names.join(", ")}
          </strong>
        )}
        {!names.length && <Icon name="chevronDown" />}
      </button>
      {names.length > 0 && (
        <button
          type="button"
          class="chip__remove"
          aria-label={t("tasks.removeFilter", { filter: label })}
          onClick={() => {
            onChange([]);
            button.current?.focus();
          }}
        >
          <Icon name="x" />
        </button>
      )}
      {isOpen && (
        <Picker<T>
          label={label}
          options={options}
          selected={selected}
          isMultiple={isMultiple ?? false}
          anchor={button}
          onPick={pick}
          onClose={close}
        />
      )}
    </span>
  );
}

const ORDERINGS: Record<string, Ordering[]> = {
  newest: [],
  due: ["due_date"],
  priority: ["-priority", "due_date"],
  status: ["status"],
  title: ["title"],
};

/** For narrow screens, where there are no column heads. */
function OrderMenu({ view, onChange }: Pick<FilterBarProps, "view" | "onChange">) {
  return (
    <span class="tasks__order">
      <Menu
        label={t("tasks.order")}
        items={Object.entries(ORDERINGS).map(([id, ordering]) => ({
          id,
          label: t(`tasks.order.${id}`),
          checked: view.ordering.join() === ordering.join(),
          run: () => onChange({ ...view, ordering }),
        }))}
        trigger={(props) => (
          <Button size="small" icon="sort" {...props}>
            {t("tasks.order")}
          </Button>
        )}
      />
    </span>
  );
}
