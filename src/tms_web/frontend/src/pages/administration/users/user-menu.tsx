import { type ListedUser, session } from "tms/api";
import { t } from "tms/i18n";
import { config } from "tms/module";
import { nameOf } from "tms/store";
import { IconButton, Menu, type MenuItem } from "tms/ui";

/** What one may choose for an account. */
export type UserAction =
  | "edit"
  | "mailLink"
  | "createLink"
  | "signOut"
  | "promote"
  | "demote"
  | "disable"
  | "enable"
  | "delete";

export interface UserMenuProps {
  user: ListedUser;
  onAct: (action: UserAction, user: ListedUser) => void;
}

export function UserMenu({ user, onAct }: UserMenuProps) {
  const label = t("administration.users.actions", { name: nameOf(user) });
  const items = itemsOf(user).map((item) => ({ ...item, run: () => onAct(item.id, user) }));
  return (
    <Menu
      label={label}
      items={items}
      placement="bottom-end"
      trigger={(props) => <IconButton icon="more" size="small" label={label} {...props} />}
    />
  );
}

type Item = Omit<MenuItem, "run"> & { id: UserAction };

/** Nobody locks itself out here: leaving is a matter of one's profile. */
function itemsOf(user: ListedUser): Item[] {
  const isOwn = user.id === session.user.value?.id;
  const items: Item[] = [{ id: "edit", icon: "edit", label: t("administration.users.edit.action") }];
  if (user.is_active && !isOwn) {
    if (config.passwordReset) items.push(item("mailLink", "mail"));
    items.push(item("createLink", "link"), item("signOut", "signOut"));
  }
  if (user.is_active || user.is_admin)
    items.push({ ...item(user.is_admin ? "demote" : "promote", "shield"), isSeparated: true });
  if (isOwn) return items;
  items.push(user.is_active ? item("disable", "x") : item("enable", "check"));
  items.push({ ...item("delete", "trash"), isDanger: true, isSeparated: true });
  return items;
}

function item(id: UserAction, icon: NonNullable<MenuItem["icon"]>): Item {
  return { id, icon, label: t(`administration.users.${id}.action`) };
}
