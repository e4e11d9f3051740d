/** The fields of an account in a dialog, for creating and for editing. */
import { t } from "tms/i18n";
import { Field, TextInput } from "tms/ui";

export interface AccountNames extends Record<string, string> {
  username: string;
  email: string;
  first_name: string;
  last_name: string;
}

interface NameFieldsProps {
  bind: (name: keyof AccountNames & string) => { name: string; value: string; onText: (text: string) => void };
  errors: Partial<Record<string, string>>;
  emailHint?: string;
}

export function NameFields({ bind, errors, emailHint }: NameFieldsProps) {
  return (
    <>
      <div class="user-form__pair">
        <Field label={t("guest-form.firstName")} hint={t("guest-form.optional")} error={errors.first_name}>
          <TextInput {...bind("first_name")} autocomplete="off" />
        </Field>
        <Field label={t("guest-form.lastName")} hint={t("guest-form.optional")} error={errors.last_name}>
          <TextInput {...bind("last_name")} autocomplete="off" />
        </Field>
      </div>
      <Field label={t("guest-form.username")} error={errors.username}>
        <TextInput {...bind("username")} autocomplete="off" autocapitalize="none" spellcheck={false} required />
      </Field>
      <Field label={t("guest-form.email")} error={errors.email} {...(emailHint && { hint: emailHint })}>
        <TextInput {...bind("email")} type="email" autocomplete="off" required />
      </Field>
    </>
  );
}
