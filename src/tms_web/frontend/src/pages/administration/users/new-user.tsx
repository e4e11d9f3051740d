import { useEffect, useState } from "preact/hooks";
import { api, type ResetLink, type User } from "tms/api";
import { t } from "tms/i18n";
import { config } from "tms/module";
import { users } from "tms/store";
import { Button, Checkbox, Dialog, Notice, toast } from "tms/ui";
import { useForm } from "../../guest-form/form.ts";
import { PasswordField } from "../../guest-form/guest-form.tsx";
import { checkPassword, passwordHint } from "../../guest-form/password.ts";
import { type AccountNames, NameFields } from "./account-form.tsx";
import { createResetLink } from "./actions.ts";

/** How a new user gets a password. */
type Access = "mail" | "link" | "password";
const CHOICES: readonly Access[] = config.passwordReset ? ["mail", "password"] : ["link", "password"];

interface Values extends AccountNames {
  password: string;
}

export interface NewUserProps {
  onClose: () => void;
  onCreated: () => void;
  onLink: (link: ResetLink, name: string) => void;
}

export function NewUser({ onClose, onCreated, onLink }: NewUserProps) {
  const [access, setAccess] = useState<Access>(CHOICES[0] as Access);
  const [isAdmin, setAdmin] = useState(false);
  const needsPassword = access === "password";
  const form = useForm<Values>({
    initial: { username: "", email: "", first_name: "", last_name: "", password: "" },
    required: ["username", "email", ...(needsPassword ? (["password"] as const) : [])],
    check: ({ password }) => (needsPassword && password ? checkPassword(password) : {}),
    send: async ({ password, ...names }) => {
      const given = Object.fromEntries(Object.entries(names).map(([name, value]) => [name, value.trim()]));
      const body = { ...given, is_admin: isAdmin, ...(needsPassword && { password }) };
      const user = await api.post<User>("/api/users", body);
      users.put([user]);
      onCreated();
      onClose();
      const done = access === "mail" ? "createdMailed" : "created";
      toast(t(`administration.users.${done}`, { name: user.username, email: user.email }), { tone: "success" });
      const link = access === "link" ? await createResetLink(user) : undefined;
      if (link) onLink(link, user.username);
    },
  });
  useEffect(() => form.element.current?.querySelector<HTMLElement>("input")?.focus(), []);
  return (
    <Dialog title={t("administration.users.new")} onClose={onClose}>
      <form class="stack" ref={form.element} onSubmit={form.submit} noValidate>
        {form.failure && <Notice tone="danger">{form.failure}</Notice>}
        <NameFields bind={form.bind} errors={form.errors} />
        <AccessField access={access} onChange={setAccess} />
        {needsPassword && (
          <PasswordField
            label={t("guest-form.password")}
            hint={passwordHint()}
            error={form.errors.password}
            autocomplete="new-password"
            bind={form.bind("password")}
          />
        )}
        <Checkbox label={t("administration.users.isAdmin")} checked={isAdmin} onToggle={setAdmin} />
        <div class="dialog__actions">
          <Button onClick={onClose}>{t("ui.cancel")}</Button>
          <Button type="submit" variant="primary" isBusy={form.isBusy}>
            {t("administration.users.create")}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}

function AccessField({ access, onChange }: { access: Access; onChange: (access: Access) => void }) {
  return (
    <fieldset class="user-form__access">
      <legend class="field__label">{t("administration.users.access")}</legend>
      {CHOICES.map((choice) => (
        <label key={choice} class="radio">
          <input type="radio" name="access" checked={access === choice} onChange={() => onChange(choice)} />
          <span>
            {t(`administration.users.access.${choice}`)}
            <span class="field__hint">{t(`administration.users.access.${choice}.hint`)}</span>
          </span>
        </label>
      ))}
    </fieldset>
  );
}
