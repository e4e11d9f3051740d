import { api, session } from "tms/api";
import { t } from "tms/i18n";
import { Link, navigate, type PageProps } from "tms/module";
import { toast } from "tms/ui";
import { AccountFields, EMPTY_ACCOUNT, REQUIRED, trimmed } from "../guest-form/account-fields.tsx";
import { useForm } from "../guest-form/form.ts";
import { GuestForm } from "../guest-form/guest-form.tsx";
import { checkPassword } from "../guest-form/password.ts";

/** Registers an account and signs in with it. */
export default function RegisterPage({ query }: PageProps) {
  const search = query.size ? `?${query}` : "";
  const form = useForm({
    initial: EMPTY_ACCOUNT,
    required: REQUIRED,
    check: ({ password }) => checkPassword(password),
    send: async (values) => {
      const account = trimmed(values);
      // Once: repeated after a lost response, it would say that the name is taken.
      await api.post("/api/users", account, { anonymous: true, tries: 1 });
      try {
        await session.signIn({ username: account.username, password: account.password });
      } catch {
        // The account exists; the form must not be sent again.
        toast(t("register.done"), { tone: "success" });
        navigate(`/sign-in${search}`, { replace: true });
      }
    },
  });
  return (
    <GuestForm
      title={t("register.title")}
      action={t("register.action")}
      form={form}
      links={<Link href={`/sign-in${search}`}>{t("register.signIn")}</Link>}
    >
      <AccountFields bind={form.bind} errors={form.errors} />
    </GuestForm>
  );
}
