import { useState } from "preact/hooks";
import type { ChangedUser } from "tms/api";
import { session } from "tms/api";
import { t } from "tms/i18n";
import { Link } from "tms/module";
import { Button, Checkbox, Field, Icon, Notice, TextInput, toast } from "tms/ui";
import { useForm } from "../guest-form/form.ts";
import { checkPassword, missingCharacters, passwordHint } from "../guest-form/guest-form.tsx";
import { changeAccount } from "./own-account.ts";
import { Section } from "./section.tsx";

const EMPTY = { current_password: "", password: "" };

/** Changes the password, which ends the sessions of other devices. */
export default function Password() {
  const [isShown, setShown] = useState(false);
  const [endsTokens, setEndsTokens] = useState(false);
  const [remaining, setRemaining] = useState(0);
  const form = useForm({
    initial: EMPTY,
    required: ["current_password", "password"],
    check: ({ password }) => checkPassword(password),
    send: async (values) => {
      const change = endsTokens ? { ...values, end_personal_tokens: true } : values;
      const { personal_tokens } = await changeAccount<ChangedUser>(change);
      setRemaining(personal_tokens?.length ?? 0);
      setEndsTokens(false);
      form.reset(EMPTY);
      toast(t("profile.password.done"), { tone: "success" });
    },
  });
  const { bind, errors, values } = form;
  const type = isShown ? "text" : "password";
  return (
    <Section title={t("profile.password.title")} text={t("profile.password.text")}>
      {remaining > 0 && (
        <Notice>
          {t("profile.password.remaining", { count: remaining })}{" "}
          <Link href="/profile/tokens">{t("profile.password.toTokens")}</Link>
        </Notice>
      )}
      <form class="stack profile__form" ref={form.element} onSubmit={form.submit} noValidate>
        {form.failure && <Notice tone="danger">{form.failure}</Notice>}
        {/* So that a password manager knows whose passwords these are. */}
        <input type="text" autocomplete="username" value={session.user.value?.username ?? ""} readOnly hidden />
        <Field label={t("profile.currentPassword")} error={errors.current_password}>
          <TextInput {...bind("current_password")} type={type} autocomplete="current-password" required />
        </Field>
        <Field label={t("profile.password.new")} hint={<Strength text={values.password} />} error={errors.password}>
          <TextInput {...bind("password")} type={type} autocomplete="new-password" required />
        </Field>
        <Checkbox label={t("profile.password.show")} checked={isShown} onToggle={setShown} />
        <Checkbox label={t("profile.password.endTokens")} checked={endsTokens} onToggle={setEndsTokens} />
        <div class="row">
          <Button type="submit" variant="primary" isBusy={form.isBusy}>
            {t("profile.password.action")}
          </Button>
        </div>
      </form>
    </Section>
  );
}

/** How far the text is from a valid password, by the server's rules. */
function Strength({ text }: { text: string }) {
  const missing = missingCharacters(text);
  if (missing) return <span>{text ? t("profile.password.missing", { count: missing }) : passwordHint()}</span>;
  return (
    <span class="profile__mark profile__mark--good">
      <Icon name="check" />
      {t("profile.password.enough")}
    </span>
  );
}
