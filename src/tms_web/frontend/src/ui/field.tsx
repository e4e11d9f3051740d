import { type ComponentChildren, cloneElement, type HTMLAttributes, type Ref, type VNode } from "preact";
import { useId } from "preact/hooks";
import { Icon } from "./icon.tsx";

export interface FieldProps {
  label: string;
  hint?: ComponentChildren;
  /** What is wrong and what would be right. */
  error?: string | undefined;
  /** The only control; it gets the id, the description and `aria-invalid`. */
  children: VNode<HTMLAttributes>;
}

/** Label, control, hint and error. */
export function Field({ label, hint: rule, error, children }: FieldProps) {
  const id = useId();
  // Where the error repeats the rule, once is enough.
  const hint = rule === error ? undefined : rule;
  const described = [hint && `${id}-hint`, error && `${id}-error`].filter(Boolean).join(" ");
  return (
    <div class="field">
      <label class="field__label" for={id}>
        {label}
      </label>
      {cloneElement(children, {
        id,
        ...(described && { "aria-describedby": described }),
        ...(error && { "aria-invalid": true }),
      } as HTMLAttributes)}
      {hint && (
        <p class="field__hint" id={`${id}-hint`}>
          {hint}
        </p>
      )}
      {error && (
        <p class="field__error" id={`${id}-error`}>
          <Icon name="alert" />
          {error}
        </p>
      )}
    </div>
  );
}

interface TextProps<E extends HTMLElement> extends Omit<HTMLAttributes<E>, "ref"> {
  value?: string;
  name?: string;
  placeholder?: string;
  required?: boolean;
  disabled?: boolean;
  readOnly?: boolean;
  maxLength?: number;
  minLength?: number;
  autocomplete?: string;
  /** Reaches the element. */
  inputRef?: Ref<E> | undefined;
  /** Gets the text at each key press. */
  onText?: (text: string) => void;
}

export interface TextInputProps extends TextProps<HTMLInputElement> {
  type?: "text" | "password" | "email" | "search" | "url" | "date" | "time";
}

export function TextInput({ inputRef, onText, type = "text", ...rest }: TextInputProps) {
  const input = onText && { onInput: (event: InputEvent) => onText((event.currentTarget as HTMLInputElement).value) };
  return (
    <input
      {...(rest as object)}
      type={type as "text"}
      class={`input ${rest.class ?? ""}`}
      ref={inputRef ?? null}
      {...input}
    />
  );
}

export function TextArea({ inputRef, onText, ...rest }: TextProps<HTMLTextAreaElement> & { rows?: number }) {
  const input = onText && {
    onInput: (event: InputEvent) => onText((event.currentTarget as HTMLTextAreaElement).value),
  };
  return <textarea {...(rest as object)} class={`input ${rest.class ?? ""}`} ref={inputRef ?? null} {...input} />;
}

export interface SelectProps<T extends string>
  extends Omit<HTMLAttributes<HTMLSelectElement>, "value" | "onChange" | "onSelect" | "ref"> {
  disabled?: boolean;
  value: T;
  options: readonly { value: T; label: string }[];
  onSelect: (value: T) => void;
}

/** The browser's own select: best for a few short options, above all on a phone. */
export function Select<T extends string>({ value, options, onSelect, ...rest }: SelectProps<T>) {
  return (
    <div class="select">
      <select
        {...(rest as object)}
        class="input"
        value={value}
        onChange={(event) => onSelect(event.currentTarget.value as T)}
      >
        {options.map((option) => (
          <option key={option.value} value={option.value}>
            {option.label}
          </option>
        ))}
      </select>
      <Icon name="chevronDown" />
    </div>
  );
}

export interface CheckboxProps {
  label: ComponentChildren;
  checked: boolean;
  onToggle: (checked: boolean) => void;
  isIndeterminate?: boolean;
  disabled?: boolean;
  /** Whether the label is read but not shown, as in a table. */
  isLabelHidden?: boolean;
}

export function Checkbox({
  label,
  checked,
  onToggle,
  isIndeterminate = false,
  disabled,
  isLabelHidden,
}: CheckboxProps) {
  return (
    <label class="checkbox">
      <input
        type="checkbox"
        checked={checked}
        indeterminate={isIndeterminate}
        disabled={disabled ?? false}
        onChange={(event) => onToggle(event.currentTarget.checked)}
      />
      <span class={isLabelHidden ? "visually-hidden" : ""}>{label}</span>
    </label>
  );
}
