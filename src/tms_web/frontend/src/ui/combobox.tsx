import type { Placement } from "@floating-ui/dom";
import type { ComponentChildren, RefObject } from "preact";
import { useCallback, useEffect, useId, useRef, useState } from "preact/hooks";
import { t } from "tms/i18n";
import { useFloating, useOutside } from "./floating.ts";
import { Icon } from "./icon.tsx";

export interface Option<T> {
  value: T;
  label: string;
  /** Shown behind the label, and found by the filter too. */
  hint?: string;
  mark?: ComponentChildren;
}

interface Common<T> {
  label: string;
  options: readonly Option<T>[];
  /** The chosen values; several make the picker stay open. */
  selected: readonly T[];
  isMultiple?: boolean;
  onPick: (value: T) => void;
}

export interface PickerProps<T> extends Common<T> {
  anchor: RefObject<HTMLElement | null>;
  onClose: () => void;
  placement?: Placement;
  isAsWide?: boolean;
}

/** A filterable list of options next to any element; its owner decides when it is open. */
export function Picker<T extends string | number | null>(props: PickerProps<T>) {
  const { label, options, selected, isMultiple, onPick, anchor, onClose, placement, isAsWide } = props;
  const id = useId();
  const popover = useRef<HTMLDivElement>(null);
  const input = useRef<HTMLInputElement>(null);
  const [text, setText] = useState("");
  const [active, setActive] = useState(() =>
    Math.max(
      0,
      options.findIndex(({ value }) => selected.includes(value)),
    ),
  );
  useFloating(anchor, popover, { isOpen: true, ...(placement && { placement }), ...(isAsWide && { isAsWide }) });
  useOutside(true, [popover, anchor], onClose);
  useEffect(() => input.current?.focus({ preventScroll: true }), []);
  useEffect(() => {
    popover.current?.querySelector("[data-active=true]")?.scrollIntoView({ block: "nearest" });
  }, [active]);

  const found = filterOptions(options, text);
  const leave = () => {
    onClose();
    anchor.current?.focus();
  };
  const pick = (option: Option<T> | undefined) => {
    if (!option) return;
    onPick(option.value);
    if (!isMultiple) leave();
  };
  const onKeyDown = (event: KeyboardEvent) => {
    const moves: Record<string, number> = {
      ArrowDown: active + 1,
      ArrowUp: active - 1,
      PageDown: active + 8,
      PageUp: active - 8,
    };
    const next = moves[event.key];
    if (next !== undefined) setActive(Math.min(found.length - 1, Math.max(0, next)));
    else if (event.key === "Enter") pick(found[active]);
    else if (event.key === "Escape" || event.key === "Tab") leave();
    else return;
    event.preventDefault();
    event.stopPropagation();
  };
  return (
    <div class="popover" popover="manual" ref={popover}>
      <div class="picker__search">
        <input
          class="input"
          ref={input}
          type="text"
          role="combobox"
          aria-label={label}
          aria-expanded="true"
          aria-controls={id}
          aria-autocomplete="list"
          aria-activedescendant={found[active] ? `${id}-${active}` : undefined}
          placeholder={t("ui.filter")}
          autocomplete="off"
          value={text}
          onInput={(event) => {
            setText(event.currentTarget.value);
            setActive(0);
          }}
          onKeyDown={onKeyDown}
        />
      </div>
      <div role="listbox" id={id} aria-label={label} aria-multiselectable={isMultiple ?? false}>
        {found.map((option, index) => (
          // biome-ignore lint/a11y/useKeyWithClickEvents: the keys are those of the combobox, which keeps the focus
          <div
            key={String(option.value)}
            id={`${id}-${index}`}
            class="option"
            role="option"
            tabIndex={-1}
            aria-selected={selected.includes(option.value)}
            data-active={index === active}
            onPointerMove={() => setActive(index)}
            onMouseDown={(event) => event.preventDefault()}
            onClick={() => pick(option)}
          >
            {option.mark}
            <span class="option__label">
              {option.label} {option.hint && <span class="option__hint">{option.hint}</span>}
            </span>
            <span class="option__check">{selected.includes(option.value) && <Icon name="check" />}</span>
          </div>
        ))}
      </div>
      {!found.length && (
        <p class="picker__empty" role="status">
          {t("ui.nothingFound")}
        </p>
      )}
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
export function Combobox<T extends string | number | null>(props: ComboboxProps<T>) {
  const { label, options, selected, placeholder, disabled, isMultiple, onPick, ...rest } = props;
  const [isOpen, setOpen] = useState(false);
  const button = useRef<HTMLButtonElement>(null);
  const close = useCallback(() => setOpen(false), []);
  const chosen = options.filter(({ value }) => selected.includes(value));
  const text = chosen.map((one) => one.label).join(", ") || placeholder || "";
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
          {...{ label, options, selected, onPick }}
          {...(isMultiple && { isMultiple })}
        />
      )}
    </>
  );
}

/** Those whose label or hint contains every word, those that begin so first. */
export function filterOptions<T>(options: readonly Option<T>[], text: string): readonly Option<T>[] {
  const words = fold(text).split(/\s+/).filter(Boolean);
  if (!words.length) return options;
  const first = words[0] as string;
  return options
    .map((option) => ({ option, content: fold(`${option.label} ${option.hint ?? ""}`) }))
    .filter(({ content }) => words.every((word) => content.includes(word)))
    .sort((one, other) => Number(other.content.startsWith(first)) - Number(one.content.startsWith(first)))
    .map(({ option }) => option);
}

function fold(text: string): string {
  return text.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase();
}
