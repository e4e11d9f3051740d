import { session } from "tms/api";
import { type Language, language, t } from "tms/i18n";
import { navigate } from "tms/module";
import { nameOf } from "tms/store";
import { Avatar, Button, IconButton, Menu, type MenuItem } from "tms/ui";
import { densityName, themeName } from "./actions.ts";
import { openDialog } from "./dialogs.ts";
import { chooseLanguage, DENSITIES, density, LANGUAGES, THEMES, theme } from "./preferences.ts";
import { signOut, signOutEverywhere } from "./start.ts";

const THEME_ICONS = { system: "monitor", light: "sun", dark: "moon" } as const;

/** Theme, density, language and sign-out; without the latter before sign-in. */
export function UserMenu() {
  const user = session.user.value;
  const items: MenuItem[] = [
    ...THEMES.map((one) => ({
      id: `theme ${one}`,
      label: themeName(one),
      icon: THEME_ICONS[one],
      checked: theme.value === one,
      run: () => {
        theme.value = one;
      },
    })),
    ...DENSITIES.map((one, index) => ({
      id: `density ${one}`,
      label: densityName(one),
      icon: "list" as const,
      checked: density.value === one,
      isSeparated: index === 0,
      run: () => {
        density.value = one;
      },
    })),
    ...(Object.keys(LANGUAGES) as Language[]).map((one, index) => ({
      id: `language ${one}`,
      label: LANGUAGES[one],
      icon: "globe" as const,
      checked: language.value === one,
      isSeparated: index === 0,
      run: () => void chooseLanguage(one),
    })),
    {
      id: "shortcuts",
      label: t("ui.shortcuts"),
      icon: "keyboard",
      keys: "?",
      isSeparated: true,
      run: () => openDialog("shortcuts"),
    },
  ];
  if (!user)
    return (
      <Menu
        label={t("ui.settings")}
        items={items}
        placement="bottom-end"
        trigger={(props) => <IconButton {...props} icon="settings" label={t("ui.settings")} />}
      />
    );
  const profile: MenuItem = {
    id: "profile",
    label: t("profile.title"),
    icon: "user",
    run: () => navigate("/profile"),
  };
  const [first, ...others] = items;
  const own: MenuItem[] = [
    { id: "sign-out", label: t("ui.signOut"), icon: "signOut", isSeparated: true, run: signOut },
    {
      id: "sign-out-everywhere",
      label: t("ui.signOutEverywhere"),
      icon: "signOut",
      isDanger: true,
      run: () => void signOutEverywhere(),
    },
  ];
  const label = t("ui.account", { name: nameOf(user) });
  return (
    <Menu
      label={label}
      items={[profile, { ...(first as MenuItem), isSeparated: true }, ...others, ...own]}
      placement="bottom-end"
      trigger={(props) => (
        <Button {...props} variant="quiet" class="shell__user">
          <Avatar user={user} />
          <span class="visually-hidden">{label}</span>
          <span class="shell__user-name truncate" aria-hidden="true">
            {nameOf(user)}
          </span>
        </Button>
      )}
    />
  );
}
