import { PRIORITIES, STATUSES } from "tms/api";
import { t } from "tms/i18n";
import { nameOf, users } from "tms/store";
import { Combobox, Field, type Option, PriorityMark, StatusMark } from "tms/ui";
import type { FilterUser, WebhookFilter } from "./webhooks.ts";

interface FilterProps {
  filter: WebhookFilter;
  onChange: (filter: WebhookFilter) => void;
}

/** The filters of the task list that a webhook knows; each is a choice of several values. */
export function FilterFields({ filter, onChange }: FilterProps) {
  const people = (more: readonly Option<FilterUser>[]) => [
    { value: "me" as const, label: t("webhooks.filter.me") },
    ...more,
    ...users.all.value.map((user) => ({ value: user.id, label: nameOf(user), hint: `@${user.username}` })),
  ];
  const fields = [
    <Choice
      key="status"
      name="status"
      options={STATUSES.map((value) => ({ value, label: t(`status.${value}`), mark: <StatusMark status={value} /> }))}
      {...{ filter, onChange }}
    />,
    <Choice
      key="priority"
      name="priority"
      options={PRIORITIES.map((value) => ({
        value,
        label: t(`priority.${value}`),
        mark: <PriorityMark priority={value} />,
      }))}
      {...{ filter, onChange }}
    />,
    <Choice
      key="assigned_to"
      name="assigned_to"
      options={people([{ value: "none", label: t("webhooks.filter.none") }])}
      onSearch={(text) => void users.search(text)}
      {...{ filter, onChange }}
    />,
    <Choice
      key="created_by"
      name="created_by"
      options={people([])}
      onSearch={(text) => void users.search(text)}
      {...{ filter, onChange }}
    />,
  ];
  return (
    <fieldset class="webhooks__filter">
      <legend class="field__label">{t("webhooks.filter")}</legend>
      <p class="field__hint">{t("webhooks.filterHint")}</p>
      <div class="webhooks__filter-fields">{fields}</div>
    </fieldset>
  );
}

interface ChoiceProps<T extends string | number> extends FilterProps {
  name: keyof WebhookFilter;
  options: readonly Option<T>[];
  onSearch?: (text: string) => void;
}

function Choice<T extends string | number>({ name, options, filter, onChange, onSearch }: ChoiceProps<T>) {
  const selected = (filter[name] ?? []) as readonly T[];
  const label = t(`webhooks.filter.${name}`);
  return (
    <Field label={label}>
      <Combobox<T>
        label={label}
        options={options}
        selected={selected}
        placeholder={t("webhooks.filter.any")}
        isMultiple
        onPick={(value) =>
          onChange({
            ...filter,
            [name]: selected.includes(value) ? selected.filter((one) => one !== value) : [...selected, value],
          })
        }
        {...(onSearch && { onSearch })}
      />
    </Field>
  );
}
