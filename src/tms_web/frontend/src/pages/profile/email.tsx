import { session } from "tms/api";
import { t } from "tms/i18n";
import { config } from "tms/module";
import { Button, Field, Icon, Notice, TextInput } from "tms/ui";
import { useForm } from "../guest-form/form.ts";
import { changeAccount } from "./own-account.ts";
import { useResend } from "./resend.ts";
import { Section } from "./section.tsx";

/** The address, whether it is proved, and a new one. */
export default function Email() {
  const user = session.user.value;
  const resending = useResend();
  const form = useForm({
    initial: { email: "", current_password: "" },
    required: ["email", "current_password"],
    send: async ({ email, current_password }) => {
      await changeAccount({ email: email.trim(), current_password });
      form.reset({ email: "", current_password: "" });
    },
  });
  const { bind, errors } = form;
  if (!user) return null;
  return (
    <>
      <Section title={t("profile.email.title")} text={t("profile.email.text")}>
        <div class="profile__fact">
          <strong>{user.email}</strong>
          {user.email_verified ? (
            <span class="profile__mark profile__mark--good">
              <Icon name="check" />
              {t("profile.email.proved")}
            </span>
          ) : (
            <span class="profile__mark profile__mark--warning">
              <Icon name="alert" />
              {t("profile.email.unproved")}
            </span>
          )}
        </div>
        {!user.email_verified && config.passwordReset && (
          <>
            <p class="muted">{t("profile.email.unprovedText")}</p>
            {resending.failure && <Notice tone="danger">{resending.failure}</Notice>}
            {resending.isSent ? (
              <Notice tone="success">{t("profile.email.sent", { email: user.email })}</Notice>
            ) : (
              <div class="row">
                <Button icon="mail" isBusy={resending.isBusy} onClick={() => void resending.resend()}>
                  {t("profile.email.resend")}
                </Button>
              </div>
            )}
          </>
        )}
      </Section>
      <section class="card stack profile__section" aria-labelledby="profile-new-email">
        <div class="profile__intro">
          <h3 id="profile-new-email">{t("profile.email.change")}</h3>
          <p class="muted">{t(config.passwordReset ? "profile.email.changeText" : "profile.email.changeTextNoMail")}</p>
        </div>
        <form class="stack profile__form" ref={form.element} onSubmit={form.submit} noValidate>
          {form.failure && <Notice tone="danger">{form.failure}</Notice>}
          <Field label={t("profile.email.new")} error={errors.email}>
            <TextInput {...bind("email")} type="email" autocomplete="email" required />
          </Field>
          <Field label={t("profile.currentPassword")} error={errors.current_password}>
            <TextInput {...bind("current_password")} type="password" autocomplete="current-password" required />
          </Field>
          <div class="row">
            <Button type="submit" variant="primary" isBusy={form.isBusy}>
              {t("profile.email.action")}
            </Button>
          </div>
        </form>
      </section>
    </>
  );
}
