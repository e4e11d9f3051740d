import { api, session } from "tms/api";
import { t } from "tms/i18n";
import { navigate } from "tms/module";
import { nameOf } from "tms/store";
import { Button, confirm, Field, Notice, TextInput } from "tms/ui";
import { useForm } from "../guest-form/form.ts";
import { signInNotice } from "../sign-in/notice.ts";
import { withPasswordErrors } from "./own-account.ts";
import { Section } from "./section.tsx";

const CONSEQUENCES = ["created", "assigned", "sessions", "name", "data"] as const;

/** Deletes the user's account, after its password and a question. */
export default function Deletion() {
  const user = session.user.value;
  const form = useForm({
    initial: { current_password: "" },
    required: ["current_password"],
    send: async (body) => {
      const question = {
        title: t("profile.delete.question", { name: user ? nameOf(user) : "" }),
        text: t("profile.delete.questionText"),
        action: t("profile.delete.action"),
        isDanger: true,
      };
      if (!(await confirm(question))) return;
      await withPasswordErrors(() => session.leave(() => api.delete("/api/users/me", { body, tries: 1 })));
      signInNotice.value = "accountDeleted";
      await session.signOut().catch(() => {});
      navigate("/sign-in", { replace: true });
    },
  });
  return (
    <Section title={t("profile.delete.title")} text={t("profile.delete.text")}>
      <ul class="profile__consequences">
        {CONSEQUENCES.map((one) => (
          <li key={one}>{t(`profile.delete.${one}`)}</li>
        ))}
      </ul>
      <Notice tone="warning">{t("profile.delete.warning")}</Notice>
      <form class="stack profile__form" ref={form.element} onSubmit={form.submit} noValidate>
        {form.failure && <Notice tone="danger">{form.failure}</Notice>}
        <Field label={t("profile.currentPassword")} error={form.errors.current_password}>
          <TextInput {...form.bind("current_password")} type="password" autocomplete="current-password" required />
        </Field>
        <div class="row">
          <Button type="submit" variant="danger" icon="trash" isBusy={form.isBusy}>
            {t("profile.delete.action")}
          </Button>
        </div>
      </form>
    </Section>
  );
}
