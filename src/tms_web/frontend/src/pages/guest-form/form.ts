/** The state of a form: values, errors by field, one request at a time. */
import { useRef, useState } from "preact/hooks";
import { ApiError, errorText, fieldText } from "tms/api";
import { t } from "tms/i18n";

export interface FormOptions<T> {
  initial: T;
  /** Fields that must not be empty. */
  required: readonly (keyof T & string)[];
  /** Rules beyond that; messages by field. */
  check?: (values: T) => Partial<Record<keyof T & string, string>>;
  send: (values: T) => Promise<unknown>;
  /** A sentence for an error of the whole form; undefined for the usual one. */
  explain?: (error: unknown) => string | undefined;
}

export function useForm<T extends Record<string, string>>(options: FormOptions<T>) {
  const { initial, required, check, send, explain } = options;
  const element = useRef<HTMLFormElement>(null);
  const [values, setValues] = useState(initial);
  const [errors, setErrors] = useState<Partial<Record<string, string>>>({});
  const [failure, setFailure] = useState<string | null>(null);
  const [isBusy, setBusy] = useState(false);
  const [isChanged, setChanged] = useState(false);

  const show = (found: Partial<Record<string, string>>, sentence: string | null) => {
    setErrors(found);
    setFailure(sentence);
    // After the errors have been rendered, so that they are read out with the field.
    setTimeout(() => element.current?.querySelector<HTMLElement>("[aria-invalid=true]")?.focus());
  };
  const submit = async (event: Event) => {
    event.preventDefault();
    if (isBusy) return;
    const missing = Object.fromEntries(
      required.filter((name) => !values[name]?.trim()).map((name) => [name, t("ui.required")]),
    );
    const found = { ...check?.(values), ...missing };
    if (Object.keys(found).length) return show(found, null);
    show({}, null);
    setBusy(true);
    try {
      await send(values);
    } catch (error) {
      const known = error instanceof ApiError ? Object.entries(error.byField).filter(([name]) => name in values) : [];
      const byField = Object.fromEntries(known.map(([name, one]) => [name, fieldText(one)]));
      show(byField, explain?.(error) ?? (known.length ? null : errorText(error)));
    } finally {
      setBusy(false);
    }
  };
  /** The props of a text input. */
  const bind = (name: keyof T & string) => ({
    name,
    value: values[name] as string,
    onText: (text: string) => {
      setValues((before) => ({ ...before, [name]: text }));
      setChanged(true);
      if (errors[name]) setErrors(({ [name]: _, ...others }) => others);
    },
  });
  /** Begins again with other values, as after they have been saved. */
  const reset = (next: T) => {
    setValues(next);
    setErrors({});
    setFailure(null);
    setChanged(false);
  };
  return { element, values, errors, failure, isBusy, isChanged, submit, bind, reset };
}
