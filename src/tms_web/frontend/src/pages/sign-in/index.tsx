import { useEffect, useRef } from "preact/hooks";
import { session } from "tms/api";
import { t } from "tms/i18n";
import { config, Link, type PageProps } from "tms/module";
import { Field, Notice, TextInput } from "tms/ui";
import { unsentChanges } from "../../shell/start.ts";
import { useForm } from "../guest-form/form.ts";
import { GuestForm, PasswordField } from "../guest-form/guest-form.tsx";
import { signInNotice } from "./notice.ts";

/** The shell leaves this page once the session has begun. */
export default function SignInPage({ query }: PageProps) {
  const first = useRef<HTMLInputElement>(null);
  useEffect(() => first.current?.focus(), []);
  const form = useForm({
    initial: { username: "", password: "" },
    required: ["username", "password"],
    send: async ({ username, password }) => {
      // What the page behind has need of, while the server checks the password.
      void import("tms/tasks").catch(() => {});
      await session.signIn({ username: username.trim(), password });
      signInNotice.value = null;
    },
  });
  const { bind, errors } = form;
  const search = query.size ? `?${query}` : "";
  const links = (
    <>
      {config.passwordReset && <Link href={`/forgotten-password${search}`}>{t("sign-in.forgotten")}</Link>}
      {config.registration === "open" && <Link href={`/register${search}`}>{t("sign-in.register")}</Link>}
    </>
  );
  return (
    <GuestForm title={t("sign-in.title")} action={t("sign-in.action")} form={form} links={links}>
      <Reason />
      <Field label={t("sign-in.username")} error={errors.username}>
        <TextInput
          {...bind("username")}
          inputRef={first}
          autocomplete="username"
          autocapitalize="none"
          spellcheck={false}
          required
        />
      </Field>
      <PasswordField
        label={t("sign-in.password")}
        error={errors.password}
        autocomplete="current-password"
        bind={bind("password")}
      />
    </GuestForm>
  );
}

/** Why the user is here, and that nothing is lost. */
function Reason() {
  const notice = signInNotice.value;
  const count = unsentChanges.value;
  return (
    <>
      {session.isRevoked.value ? (
        <Notice tone="warning">{t("sign-in.ended")}</Notice>
      ) : (
        notice && <Notice tone="success">{t(`sign-in.${notice}`)}</Notice>
      )}
      {count > 0 && <Notice>{t("sign-in.unsent", { count })}</Notice>}
    </>
  );
}
