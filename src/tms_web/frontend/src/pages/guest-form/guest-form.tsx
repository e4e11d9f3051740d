import type { ComponentChildren, RefObject } from "preact";
import { useState } from "preact/hooks";
import { t } from "tms/i18n";
import { Button, Checkbox, Field, Notice, TextInput } from "tms/ui";

export interface GuestFormProps {
  title: string;
  text?: ComponentChildren;
  action: string;
  form: {
    element: RefObject<HTMLFormElement | null>;
    failure: string | null;
    isBusy: boolean;
    submit: (event: Event) => void;
  };
  /** Links below. */
  links?: ComponentChildren;
  children: ComponentChildren;
}

/** A page with one form, for those who are not signed in. */
export function GuestForm({ title, text, action, form, links, children }: GuestFormProps) {
  return (
    <GuestCard title={title} links={links}>
      {text && <p class="muted">{text}</p>}
      <form class="stack" ref={form.element} onSubmit={form.submit} noValidate>
        {form.failure && <Notice tone="danger">{form.failure}</Notice>}
        {children}
        <Button type="submit" variant="primary" isWide isBusy={form.isBusy}>
          {action}
        </Button>
      </form>
    </GuestCard>
  );
}

export function GuestCard({
  title,
  links,
  children,
}: {
  title: string;
  links?: ComponentChildren;
  children: ComponentChildren;
}) {
  return (
    <div class="guest">
      <div class="card stack guest__card">
        <h1 tabIndex={-1}>{title}</h1>
        {children}
      </div>
      {links && <div class="row guest__links">{links}</div>}
    </div>
  );
}

export interface PasswordFieldProps {
  label: string;
  hint?: string;
  error: string | undefined;
  autocomplete: "current-password" | "new-password";
  bind: { name: string; value: string; onText: (text: string) => void };
}

/** A password, which the user may show: typing it twice is then not needed. */
export function PasswordField({ label, hint, error, autocomplete, bind }: PasswordFieldProps) {
  const [isShown, setShown] = useState(false);
  return (
    <>
      <Field label={label} error={error} {...(hint && { hint })}>
        <TextInput {...bind} type={isShown ? "text" : "password"} autocomplete={autocomplete} required />
      </Field>
      <Checkbox label={t("guest-form.showPassword")} checked={isShown} onToggle={setShown} />
    </>
  );
}

// As the server's rules.
const MINIMUM = 8;
const MAXIMUM = 1000;

export function passwordHint(): string {
  return t("guest-form.passwordRule", { count: MINIMUM });
}

/** How many characters a new password lacks; 0 if none. */
export function missingCharacters(password: string): number {
  return Math.max(0, MINIMUM - lengthOf(password));
}

/** What is wrong with a new password. */
export function checkPassword(password: string): { password?: string } {
  if (missingCharacters(password)) return { password: passwordHint() };
  return lengthOf(password) > MAXIMUM ? { password: t("guest-form.passwordTooLong", { count: MAXIMUM }) } : {};
}

/** Counted as the server counts, whatever the keyboard composes. */
function lengthOf(password: string): number {
  return [...password.normalize("NFC")].length;
}
