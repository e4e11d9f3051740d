import { useState } from "preact/hooks";
import { api, session } from "tms/api";
import { t } from "tms/i18n";
import { Link } from "tms/module";
import { Button, Notice } from "tms/ui";
import { useForm } from "../guest-form/form.ts";
import { GuestCard, GuestForm } from "../guest-form/guest-form.tsx";
import { GoOn, linkPage, refusalOf, refusalText } from "../mailed-link/mailed-link.tsx";
import { forgetToken } from "../mailed-link/token.ts";
import { useResend } from "../profile/resend.ts";

/** Proves an e-mail address with a mailed link. The button does: programs that scan mails open links, too. */
export default linkPage(function VerifyEmailPage({ token }) {
  const [isDone, setDone] = useState(false);
  const [refused, setRefused] = useState<unknown>(null);
  const form = useForm({
    initial: {},
    required: [],
    send: async () => {
      try {
        await api.post("/api/email-verification/confirm", { token }, { anonymous: true });
      } catch (error) {
        if (!refusalOf(error)) throw error;
        forgetToken();
        setRefused(error);
        return;
      }
      forgetToken();
      setDone(true);
      if (session.state.peek() === "in") await session.loadUser().catch(() => {});
    },
  });
  if (isDone)
    return (
      <GuestCard title={t("verify-email.title")} links={<GoOn />}>
        <Notice tone="success">{t("verify-email.done")}</Notice>
      </GuestCard>
    );
  if (token === null || refused !== null)
    return (
      <GuestCard title={t("verify-email.title")} links={<GoOn />}>
        <Notice tone="warning">{refused === null ? t("mailed-link.incomplete") : refusalText(refused)}</Notice>
        <NewLink />
      </GuestCard>
    );
  return (
    <GuestForm
      title={t("verify-email.title")}
      text={t("verify-email.text")}
      action={t("verify-email.action")}
      form={form}
      links={<GoOn />}
    >
      {null}
    </GuestForm>
  );
});

/** What to do without a valid link. */
function NewLink() {
  const user = session.user.value;
  const { isSent, isBusy, failure, resend } = useResend();
  if (!user)
    return (
      <p>
        {t("verify-email.signInFirst")} <Link href="/sign-in?return=/profile/email">{t("mailed-link.signIn")}</Link>
      </p>
    );
  if (user.email_verified) return <p>{t("verify-email.isProved", { email: user.email })}</p>;
  if (isSent) return <Notice tone="success">{t("profile.email.sent", { email: user.email })}</Notice>;
  return (
    <>
      {failure && <Notice tone="danger">{failure}</Notice>}
      <Button variant="primary" isWide isBusy={isBusy} onClick={() => void resend()}>
        {t("profile.email.resend")}
      </Button>
    </>
  );
}
