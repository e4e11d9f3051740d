import { useState } from "preact/hooks";
import { session } from "tms/api";
import { t } from "tms/i18n";
import { Link } from "tms/module";
import { Notice } from "tms/ui";
import { AccountFields, EMPTY_ACCOUNT, REQUIRED, trimmed } from "../guest-form/account-fields.tsx";
import { useForm } from "../guest-form/form.ts";
import { GuestCard, GuestForm } from "../guest-form/guest-form.tsx";
import { checkPassword } from "../guest-form/password.ts";

/** Creates the administrator's account of a new installation. */
export default function FirstStartPage() {
  // After «#», so that it is in no log of a server.
  const [code] = useState(() => new URLSearchParams(globalThis.location.hash.slice(1)).get("code"));
  const form = useForm({
    initial: EMPTY_ACCOUNT,
    required: REQUIRED,
    check: ({ password }) => checkPassword(password),
    send: (values) => session.createFirstAccount({ code: code ?? "", ...trimmed(values) }),
  });
  if (!code)
    return (
      <GuestCard title={t("first-start.title")} links={<Link href="/sign-in">{t("first-start.signIn")}</Link>}>
        <Notice tone="warning">{t("first-start.noCode")}</Notice>
      </GuestCard>
    );
  return (
    <GuestForm title={t("first-start.title")} text={t("first-start.text")} action={t("first-start.action")} form={form}>
      <AccountFields bind={form.bind} errors={form.errors} />
    </GuestForm>
  );
}
