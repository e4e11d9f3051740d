/** One filter: a press opens its values, the cross takes it away. */
import { useCallback, useRef, useState } from "preact/hooks";
import { isolate, t } from "tms/i18n";
import { Icon, type Option, Picker } from "tms/ui";

export interface FilterChipProps<T> {
  label: string;
  options: Option<T>[];
  selected: readonly T[];
  onChange: (selected: T[]) => void;
  isMultiple?: boolean;
  onSearch?: (text: string) => void;
}

export function FilterChip<T extends string | number>({
  label,
  options,
  selected,
  onChange,
  isMultiple,
  onSearch,
}: FilterChipProps<T>) {
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
            {names.length > 2 ? t("tasks.several", { count: names.length }) : names.map(isolate).join(", ")}
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
          onSearch={onSearch}
          onPick={pick}
          onClose={close}
        />
      )}
    </span>
  );
}
