import { t } from "tms/i18n";
import { Field, TextInput } from "tms/ui";
import { PasswordField } from "./guest-form.tsx";
import { passwordHint } from "./password.ts";

/** What a new account needs. */
export const EMPTY_ACCOUNT = { username: "", email: "", first_name: "", last_name: "", password: "" };
export type Account = typeof EMPTY_ACCOUNT;
export const REQUIRED = ["username", "email", "password"] as const;

interface AccountFieldsProps {
  bind: (name: keyof Account) => { name: string; value: string; onText: (text: string) => void };
  errors: Partial<Record<string, string>>;
}

export function AccountFields({ bind, errors }: AccountFieldsProps) {
  return (
    <>
      <Field label={t("guest-form.username")} error={errors.username}>
        <TextInput {...bind("username")} autocomplete="username" autocapitalize="none" spellcheck={false} required />
      </Field>
      <Field label={t("guest-form.email")} error={errors.email}>
        <TextInput {...bind("email")} type="email" autocomplete="email" required />
      </Field>
      <div class="guest__names">
        <Field label={t("guest-form.firstName")} hint={t("guest-form.optional")} error={errors.first_name}>
          <TextInput {...bind("first_name")} autocomplete="given-name" />
        </Field>
        <Field label={t("guest-form.lastName")} hint={t("guest-form.optional")} error={errors.last_name}>
          <TextInput {...bind("last_name")} autocomplete="family-name" />
        </Field>
      </div>
      <PasswordField
        label={t("guest-form.password")}
        hint={passwordHint()}
        error={errors.password}
        autocomplete="new-password"
        bind={bind("password")}
      />
    </>
  );
}

/** Without white space around the names; the password stays as it is. */
export function trimmed({ password, ...names }: Account): Account {
  const pairs = Object.entries(names).map(([name, value]) => [name, value.trim()]);
  return { ...(Object.fromEntries(pairs) as Omit<Account, "password">), password };
}
