import { useEffect } from "preact/hooks";
import { session, type User } from "tms/api";
import { t } from "tms/i18n";
import { Button, Field, Notice, TextInput, toast } from "tms/ui";
import { useForm } from "../guest-form/form.ts";
import { changeAccount } from "./own-account.ts";
import { Section } from "./section.tsx";

/** First name, last name and user name. */
export default function Account() {
  const user = session.user.value;
  const form = useForm({
    initial: namesOf(user),
    required: ["username"],
    send: async (values) => {
      const names = Object.entries(values).map(([name, value]) => [name, value.trim()]);
      form.reset(namesOf(await changeAccount(Object.fromEntries(names))));
      toast(t("profile.saved"), { tone: "success" });
    },
  });
  useEffect(() => {
    // A change made elsewhere shows here, unless the user is typing.
    if (user && !form.isChanged) form.reset(namesOf(user));
  }, [user]);
  const { bind, errors } = form;
  return (
    <Section title={t("profile.account.title")} text={t("profile.account.text")}>
      <form class="stack profile__form" ref={form.element} onSubmit={form.submit} noValidate>
        {form.failure && <Notice tone="danger">{form.failure}</Notice>}
        <div class="profile__pair">
          <Field label={t("guest-form.firstName")} error={errors.first_name}>
            <TextInput {...bind("first_name")} autocomplete="given-name" />
          </Field>
          <Field label={t("guest-form.lastName")} error={errors.last_name}>
            <TextInput {...bind("last_name")} autocomplete="family-name" />
          </Field>
        </div>
        <Field label={t("guest-form.username")} hint={t("profile.account.usernameHint")} error={errors.username}>
          <TextInput {...bind("username")} autocomplete="username" autocapitalize="none" spellcheck={false} required />
        </Field>
        <div class="row">
          <Button type="submit" variant="primary" isBusy={form.isBusy}>
            {t("profile.save")}
          </Button>
          {form.isChanged && <Button onClick={() => form.reset(namesOf(user))}>{t("profile.discard")}</Button>}
        </div>
      </form>
    </Section>
  );
}

function namesOf(user: User | null) {
  return {
    first_name: user?.first_name ?? "",
    last_name: user?.last_name ?? "",
    username: user?.username ?? "",
  };
}
