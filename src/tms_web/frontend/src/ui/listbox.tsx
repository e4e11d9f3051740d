/** A list of options that a text field filters: the field keeps the focus, and the keys move the active option. */
import type { ComponentChildren, RefObject } from "preact";
import { useEffect, useId, useLayoutEffect, useMemo, useRef, useState } from "preact/hooks";
import { t } from "tms/i18n";

export type OptionValue = string | number | null;

export interface Option<T> {
  value: T;
  label: string;
  /** Shown behind the label, and found by the filter too. */
  hint?: string;
  mark?: ComponentChildren;
}

export interface ListboxSettings<O extends Option<OptionValue>> {
  options: readonly O[];
  /** Without it, the active option is the selected one. */
  isSelected?: (option: O) => boolean;
  /** Whether the arrow keys move from the last option to the first, and back. */
  isCyclic?: boolean;
  onPick: (option: O) => void;
  /** Called with an empty text at the start, and once typing pauses, to add options that are not known yet. */
  onSearch?: (text: string) => void;
  /** Called for Escape and Tab; without it, both do what the browser does. */
  onLeave?: () => void;
}

/** What `ListboxInput` and `ListboxOptions` share. */
export interface Listbox<O extends Option<OptionValue>> {
  id: string;
  input: RefObject<HTMLInputElement | null>;
  list: RefObject<HTMLDivElement | null>;
  text: string;
  /** The options that match the text. */
  found: readonly O[];
  /** How many more match, and are not rendered. */
  hidden: number;
  /** The index of the active option in `found`. */
  active: number;
  isSelected: (option: O) => boolean;
  filter: (text: string) => void;
  activate: (index: number) => void;
  pick: (option: O | undefined) => void;
  onKeyDown: (event: KeyboardEvent) => void;
}

/** Milliseconds after the last letter. */
const PAUSE = 200;
/** More are rendered when the keys go beyond them. */
const MAX_SHOWN = 100;
const PAGE = 8;
const STEPS: Record<string, number> = { ArrowDown: 1, ArrowUp: -1, PageDown: PAGE, PageUp: -PAGE };

/** Focuses the field. Called by the component that renders the dialog around it, because a dialog must open first. */
export function useListbox<O extends Option<OptionValue>>(settings: ListboxSettings<O>): Listbox<O> {
  const { options, isSelected, isCyclic, onPick, onLeave, onSearch } = settings;
  useEffect(() => onSearch?.(""), []);
  const timer = useRef<ReturnType<typeof setTimeout> | undefined>(undefined);
  useEffect(() => () => clearTimeout(timer.current), []);
  const id = useId();
  const input = useRef<HTMLInputElement>(null);
  const list = useRef<HTMLDivElement>(null);
  const [text, setText] = useState("");
  const [active, setActive] = useState(() => Math.max(0, isSelected ? options.findIndex(isSelected) : 0));
  const all = useMemo(() => filterOptions(options, text), [options, text]);
  const found = all.length > MAX_SHOWN ? all.slice(0, Math.max(MAX_SHOWN, active + PAGE)) : all;
  // At once, so that no letter that is typed now is lost.
  useLayoutEffect(() => input.current?.focus({ preventScroll: true }), []);
  useEffect(() => {
    list.current?.querySelector("[data-active=true]")?.scrollIntoView({ block: "nearest" });
  }, [active]);

  const move = (step: number) => {
    const last = found.length - 1;
    const next = active + step;
    const isPastEnd = next < 0 || next > last;
    if (isPastEnd && isCyclic && Math.abs(step) === 1) setActive(step > 0 ? 0 : last);
    else setActive(Math.max(0, Math.min(last, next)));
  };
  const pick = (option: O | undefined) => {
    if (option) onPick(option);
  };
  const onKeyDown = (event: KeyboardEvent) => {
    const step = STEPS[event.key];
    if (step) move(step);
    else if (event.key === "Enter" && !event.isComposing) pick(found[active]);
    else if (onLeave && (event.key === "Escape" || event.key === "Tab")) onLeave();
    else return;
    event.preventDefault();
    event.stopPropagation();
  };
  return {
    id,
    input,
    list,
    text,
    found,
    hidden: all.length - found.length,
    active,
    isSelected: isSelected ?? ((option) => option === found[active]),
    filter: (value) => {
      setText(value);
      setActive(0);
      clearTimeout(timer.current);
      if (onSearch) timer.current = setTimeout(() => onSearch(value), PAUSE);
    },
    activate: setActive,
    pick,
    onKeyDown,
  };
}

interface InputProps<O extends Option<OptionValue>> {
  listbox: Listbox<O>;
  label: string;
  placeholder: string;
}

export function ListboxInput<O extends Option<OptionValue>>({ listbox, label, placeholder }: InputProps<O>) {
  const { id, input, text, found, active, filter, onKeyDown } = listbox;
  return (
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
      placeholder={placeholder}
      autocomplete="off"
      value={text}
      onInput={(event) => filter(event.currentTarget.value)}
      onKeyDown={onKeyDown}
    />
  );
}

interface OptionsProps<O extends Option<OptionValue>> {
  listbox: Listbox<O>;
  label: string;
  class?: string;
  isMultiple?: boolean;
  /** The content of an option. */
  children: (option: O) => ComponentChildren;
}

/** The options, or that nothing was found. */
export function ListboxOptions<O extends Option<OptionValue>>(props: OptionsProps<O>) {
  const { listbox, label, isMultiple, children } = props;
  const { id, list, found, active, isSelected, activate, pick } = listbox;
  return (
    <>
      <div
        class={props.class ?? ""}
        role="listbox"
        id={id}
        aria-label={label}
        aria-multiselectable={isMultiple ?? false}
        ref={list}
      >
        {found.map((option, index) => (
          // biome-ignore lint/a11y/useKeyWithClickEvents: the keys are those of the field, which keeps the focus
          <div
            key={String(option.value)}
            id={`${id}-${index}`}
            class="option"
            role="option"
            tabIndex={-1}
            aria-selected={isSelected(option)}
            data-active={index === active}
            onPointerMove={() => activate(index)}
            onMouseDown={(event) => event.preventDefault()}
            onClick={() => pick(option)}
          >
            {children(option)}
          </div>
        ))}
      </div>
      {listbox.hidden > 0 && <p class="picker__empty">{t("ui.moreOptions", { count: listbox.hidden })}</p>}
      {!found.length && (
        <p class="picker__empty" role="status">
          {t("ui.nothingFound")}
        </p>
      )}
    </>
  );
}

/** Those whose label or hint contains every word, those that begin so first. */
function filterOptions<O extends Option<OptionValue>>(options: readonly O[], text: string): readonly O[] {
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
