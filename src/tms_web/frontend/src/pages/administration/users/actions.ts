/** What administrators do to accounts: asked where it is dangerous, shown at once, undone where the server refuses. */
import { api, errorText, type ListedUser, type ResetLink, session, type User } from "tms/api";
import { t } from "tms/i18n";
import { announce } from "tms/module";
import { nameOf, users } from "tms/store";
import { confirm, toast } from "tms/ui";
import type { UserPages } from "./user-pages.ts";

/** The pages that are shown: others than those of the beginning, if the query changes while an action runs. */
export interface UserList {
  current: UserPages;
}

type Role = Pick<User, "is_active"> | Pick<User, "is_admin">;

/** Disables or enables, promotes or demotes; resolves to whether it was done. */
export async function changeRole(list: UserList, user: ListedUser, role: Role): Promise<boolean> {
  const kind = kindOf(role);
  const name = nameOf(user);
  const isAsked = kind === "disable" || kind === "promote";
  if (isAsked && !(await ask(kind, name))) return false;
  const before: Role = "is_active" in role ? { is_active: user.is_active } : { is_admin: user.is_admin };
  if (!(await save(list, user, role))) return false;
  toast(t(`administration.users.${kind}.done`, { name }), {
    tone: "success",
    action: { label: t("administration.undo"), run: () => void save(list, { ...user, ...role }, before) },
  });
  return true;
}

export async function mailResetLink(user: ListedUser): Promise<void> {
  if (!(await ask("mailLink", nameOf(user), { email: user.email }))) return;
  await attempt(async () => {
    await api.post(`/api/users/${user.id}/password-reset`);
    toast(t("administration.users.mailLink.done", { email: user.email }), { tone: "success" });
  });
}

export async function createResetLink(user: { id: number }): Promise<ResetLink | undefined> {
  return attempt(() => api.post<ResetLink>(`/api/users/${user.id}/password-reset-link`));
}

export async function signOutEverywhere(list: UserList, user: ListedUser): Promise<void> {
  const name = nameOf(user);
  if (!(await ask("signOut", name))) return;
  await attempt(async () => {
    await api.post(`/api/users/${user.id}/revoke-all`, { end_personal_tokens: true });
    list.current.patch(user.id, { last_used_at: null });
    toast(t("administration.users.signOut.done", { name }), { tone: "success" });
  });
}

/** Resolves to whether the account was deleted. */
export async function deleteUser(user: ListedUser): Promise<boolean> {
  const name = nameOf(user);
  if (!(await ask("delete", name))) return false;
  const isDone = await attempt(async () => {
    await api.delete(`/api/users/${user.id}`);
    return true;
  });
  if (!isDone) return false;
  toast(t("administration.users.delete.done", { name }), { tone: "success" });
  return true;
}

async function save(list: UserList, user: ListedUser, change: Role): Promise<boolean> {
  const undo = list.current.patch(user.id, change);
  const saved = await attempt(() => api.patch<User>(`/api/users/${user.id}`, change));
  if (!saved) {
    undo();
    return false;
  }
  list.current.patch(user.id, saved);
  users.put([saved]);
  announce(t("administration.users.saved", { name: nameOf(saved) }));
  // One's own role decides what the page offers.
  if (user.id === session.user.peek()?.id) await session.loadUser();
  return true;
}

/** The result, or undefined after an error, which is shown. */
async function attempt<T>(act: () => Promise<T>): Promise<T | undefined> {
  try {
    return await act();
  } catch (error) {
    toast(errorText(error), { tone: "error", duration: 15_000 });
    return undefined;
  }
}

function kindOf(role: Role): "disable" | "enable" | "promote" | "demote" {
  if ("is_active" in role) return role.is_active ? "enable" : "disable";
  return role.is_admin ? "promote" : "demote";
}

function ask(kind: string, name: string, params: Record<string, string> = {}): Promise<boolean> {
  return confirm({
    title: t(`administration.users.${kind}.title`, { name, ...params }),
    text: t(`administration.users.${kind}.text`, { name, ...params }),
    action: t(`administration.users.${kind}.action`),
    isDanger: ["disable", "delete", "signOut"].includes(kind),
  });
}
