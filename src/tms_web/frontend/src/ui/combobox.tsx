import type { Placement } from "@floating-ui/dom";
import type { RefObject } from "preact";
import { useCallback, useRef, useState } from "preact/hooks";
import { isolate, t } from "tms/i18n";
import { useFloating, useOutside } from "./floating.ts";
import { Icon } from "./icon.tsx";
import { ListboxInput, ListboxOptions, type Option, type OptionValue, useListbox } from "./listbox.tsx";

interface Common<T> {
  label: string;
  options: readonly Option<T>[];
  /** The chosen values; several make the picker stay open. */
  selected: readonly T[];
  isMultiple?: boolean;
  onPick: (value: T) => void;
  /** Called once typing pauses, to add options that are not known yet. */
  onSearch?: ((text: string) => void) | undefined;
}

export interface PickerProps<T> extends Common<T> {
  anchor: RefObject<HTMLElement | null>;
  onClose: () => void;
  placement?: Placement;
  isAsWide?: boolean;
}

/** A filterable list of options next to any element; its owner decides when it is open. */
export function Picker<T extends OptionValue>(props: PickerProps<T>) {
  const { label, options, selected, isMultiple, onPick, anchor, onClose, placement, isAsWide, onSearch } = props;
  const popover = useRef<HTMLDivElement>(null);
  useFloating(anchor, popover, { isOpen: true, ...(placement && { placement }), ...(isAsWide && { isAsWide }) });
  useOutside(true, [popover, anchor], onClose);
  const leave = () => {
    onClose();
    anchor.current?.focus();
  };
  const isSelected = ({ value }: Option<T>) => selected.includes(value);
  const listbox = useListbox<Option<T>>({
    options,
    isSelected,
    onPick: ({ value }) => {
      onPick(value);
      if (!isMultiple) leave();
    },
    onLeave: leave,
    ...(onSearch && { onSearch }),
  });
  return (
    <div class="popover" popover="manual" ref={popover}>
      <div class="picker__search">
        <ListboxInput listbox={listbox} label={label} placeholder={t("ui.filter")} />
      </div>
      <ListboxOptions listbox={listbox} label={label} isMultiple={isMultiple ?? false}>
        {(option) => (
          <>
            {option.mark}
            <span class="option__label">
              <bdi>{option.label}</bdi> {option.hint && <span class="option__hint">{option.hint}</span>}
            </span>
            <span class="option__check">{isSelected(option) && <Icon name="check" />}</span>
          </>
        )}
      </ListboxOptions>
    </div>
  );
}

export interface ComboboxProps<T> extends Common<T> {
  placeholder?: string;
  id?: string;
  disabled?: boolean;
  "aria-describedby"?: string;
  "aria-invalid"?: boolean;
}

/** A button that shows the choice and opens a Picker; works inside a Field. */
export function Combobox<T extends OptionValue>(props: ComboboxProps<T>) {
  const { label, options, selected, placeholder, disabled, isMultiple, onPick, onSearch, ...rest } = props;
  const [isOpen, setOpen] = useState(false);
  const button = useRef<HTMLButtonElement>(null);
  const close = useCallback(() => setOpen(false), []);
  const chosen = options.filter(({ value }) => selected.includes(value));
  const text = chosen.map((one) => isolate(one.label)).join(", ") || placeholder || "";
  return (
    <>
      <button
        {...rest}
        type="button"
        class="button picker__button"
        ref={button}
        disabled={disabled ?? false}
        aria-haspopup="listbox"
        aria-expanded={isOpen}
        aria-label={`${label}: ${text}`}
        onClick={() => setOpen(!isOpen)}
        onKeyDown={(event) => {
          if (event.key !== "ArrowDown") return;
          event.preventDefault();
          setOpen(true);
        }}
      >
        {chosen.length === 1 && chosen[0]?.mark}
        <span class={`truncate ${chosen.length ? "" : "muted"}`}>{text}</span>
        <Icon name="chevronDown" />
      </button>
      {isOpen && (
        <Picker
          anchor={button}
          onClose={close}
          isAsWide
          {...{ label, options, selected, onPick, onSearch }}
          {...(isMultiple && { isMultiple })}
        />
      )}
    </>
  );
}
