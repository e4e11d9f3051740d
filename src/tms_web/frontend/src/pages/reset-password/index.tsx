import { useState } from "preact/hooks";
import { api, session } from "tms/api";
import { t } from "tms/i18n";
import { Link, navigate } from "tms/module";
import { Notice } from "tms/ui";
import { useForm } from "../guest-form/form.ts";
import { GuestCard, GuestForm, PasswordField } from "../guest-form/guest-form.tsx";
import { checkPassword, passwordHint } from "../guest-form/password.ts";
import { linkPage, refusalOf, refusalText } from "../mailed-link/mailed-link.tsx";
import { forgetToken } from "../mailed-link/token.ts";
import { signInNotice } from "../sign-in/notice.ts";

/** Sets a new password with a mailed link; all sessions end, so the user signs in with it. */
export default linkPage(function ResetPasswordPage({ token }) {
  const [refused, setRefused] = useState<unknown>(null);
  const form = useForm({
    initial: { password: "" },
    required: ["password"],
    check: ({ password }) => checkPassword(password),
    send: async ({ password }) => {
      try {
        // Once: repeated after a lost response, it would say that the link has been used.
        const options = { anonymous: true, tries: 1 };
        await session.leave(() => api.post("/api/password-reset/confirm", { token, password }, options));
      } catch (error) {
        if (!refusalOf(error)) throw error;
        forgetToken();
        setRefused(error);
        return;
      }
      signInNotice.value = "passwordSet";
      await session.signOut().catch(() => {});
      navigate("/sign-in", { replace: true });
    },
  });
  if (token === null || refused !== null)
    return (
      <GuestCard title={t("reset-password.title")} links={<Link href="/sign-in">{t("mailed-link.signIn")}</Link>}>
        <Notice tone="warning">{refused === null ? t("mailed-link.incomplete") : refusalText(refused)}</Notice>
        <Link class="button button--primary button--wide" href="/forgotten-password">
          {t("reset-password.newLink")}
        </Link>
      </GuestCard>
    );
  return (
    <GuestForm
      title={t("reset-password.title")}
      text={t("reset-password.text")}
      action={t("reset-password.action")}
      form={form}
    >
      <PasswordField
        label={t("reset-password.password")}
        hint={passwordHint()}
        error={form.errors.password}
        autocomplete="new-password"
        bind={form.bind("password")}
      />
    </GuestForm>
  );
});
