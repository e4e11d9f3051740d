import { useEffect } from "preact/hooks";
import { api, type ListedUser, session, type User } from "tms/api";
import { t } from "tms/i18n";
import { nameOf, users } from "tms/store";
import { Button, Dialog, Notice, toast } from "tms/ui";
import { useForm } from "../../guest-form/form.ts";
import { type AccountNames, NameFields } from "./account-form.tsx";

export interface EditUserProps {
  user: ListedUser;
  onClose: () => void;
  onSaved: (user: User) => void;
}

/** Sends only what was edited, so that nothing that others have changed meanwhile is overwritten. */
export function EditUser({ user, onClose, onSaved }: EditUserProps) {
  const { username, email, first_name, last_name } = user;
  const initial: AccountNames = { username, email, first_name, last_name };
  const isOwn = user.id === session.user.value?.id;
  const form = useForm<AccountNames>({
    initial,
    required: ["username", "email"],
    send: async (values) => {
      const trimmed = Object.entries(values).map(([name, value]) => [name, value.trim()] as const);
      const change = Object.fromEntries(trimmed.filter(([name, value]) => value !== initial[name]));
      if (Object.keys(change).length) {
        const saved = await api.patch<User>(`/api/users/${user.id}`, change);
        users.put([saved]);
        if (isOwn) await session.loadUser();
        onSaved(saved);
        toast(t("administration.users.saved", { name: nameOf(saved) }), { tone: "success" });
      }
      onClose();
    },
  });
  useEffect(() => form.element.current?.querySelector<HTMLElement>("input")?.focus(), []);
  return (
    <Dialog title={t("administration.users.edit.title", { name: nameOf(user) })} onClose={onClose}>
      <form class="stack" ref={form.element} onSubmit={form.submit} noValidate>
        {form.failure && <Notice tone="danger">{form.failure}</Notice>}
        <NameFields
          bind={form.bind}
          errors={form.errors}
          emailHint={t(isOwn ? "administration.users.ownEmailHint" : "administration.users.emailHint")}
        />
        <div class="dialog__actions">
          <Button onClick={onClose}>{t("ui.cancel")}</Button>
          <Button type="submit" variant="primary" isBusy={form.isBusy}>
            {t("administration.save")}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
