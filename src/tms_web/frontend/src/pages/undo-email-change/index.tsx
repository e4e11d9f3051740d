import { useState } from "preact/hooks";
import { api, session } from "tms/api";
import { t } from "tms/i18n";
import { navigate } from "tms/module";
import { Notice } from "tms/ui";
import { useForm } from "../guest-form/form.ts";
import { GuestCard, GuestForm } from "../guest-form/guest-form.tsx";
import { GoOn, linkPage, refusalOf, refusalText } from "../mailed-link/mailed-link.tsx";
import { forgetToken } from "../mailed-link/token.ts";
import { signInNotice } from "../sign-in/notice.ts";

/** Restores the previous e-mail address, with the link that was mailed to it. */
export default linkPage(function UndoEmailChangePage({ token }) {
  const [refused, setRefused] = useState<unknown>(null);
  const form = useForm({
    initial: {},
    required: [],
    send: async () => {
      try {
        await session.leave(() => api.post("/api/email-change/undo", { token }, { anonymous: true, tries: 1 }));
      } catch (error) {
        if (!refusalOf(error)) throw error;
        forgetToken();
        setRefused(error);
        return;
      }
      signInNotice.value = "addressRestored";
      await session.signOut().catch(() => {});
      navigate("/sign-in", { replace: true });
    },
  });
  if (token === null || refused !== null)
    return (
      <GuestCard title={t("undo-email-change.title")} links={<GoOn />}>
        <Notice tone="warning">{refused === null ? t("mailed-link.incomplete") : refusalText(refused)}</Notice>
      </GuestCard>
    );
  return (
    <GuestForm
      title={t("undo-email-change.title")}
      text={t("undo-email-change.text")}
      action={t("undo-email-change.action")}
      form={form}
    >
      <p class="muted">{t("undo-email-change.consequences")}</p>
    </GuestForm>
  );
});
