import { useState } from "preact/hooks";
import { api } from "tms/api";
import { t } from "tms/i18n";
import { Link, type PageProps } from "tms/module";
import { Field, Notice, TextInput } from "tms/ui";
import { useForm } from "../guest-form/form.ts";
import { GuestCard, GuestForm } from "../guest-form/guest-form.tsx";

/** Asks for a link by mail; the answer does not reveal whether the address is known. */
export default function ForgottenPasswordPage({ query }: PageProps) {
  const [sentTo, setSentTo] = useState<string | null>(null);
  const form = useForm({
    initial: { email: "" },
    required: ["email"],
    send: async ({ email }) => {
      await api.post("/api/password-reset", { email: email.trim() }, { anonymous: true });
      setSentTo(email.trim());
    },
  });
  const search = query.size ? `?${query}` : "";
  const links = <Link href={`/sign-in${search}`}>{t("forgotten-password.signIn")}</Link>;
  if (sentTo !== null)
    return (
      <GuestCard title={t("forgotten-password.title")} links={links}>
        <Notice tone="success">{t("forgotten-password.sent", { email: sentTo })}</Notice>
      </GuestCard>
    );
  return (
    <GuestForm
      title={t("forgotten-password.title")}
      text={t("forgotten-password.text")}
      action={t("forgotten-password.action")}
      form={form}
      links={links}
    >
      <Field label={t("forgotten-password.email")} error={form.errors.email}>
        <TextInput {...form.bind("email")} type="email" autocomplete="email" required />
      </Field>
    </GuestForm>
  );
}
