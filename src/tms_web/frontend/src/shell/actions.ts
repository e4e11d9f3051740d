/** The shell's own commands: going to pages, theme, density, language, sign-out. */
import { session } from "tms/api";
import { type Language, language, t } from "tms/i18n";
import { type Command, commands, navigate, navigation, profileSections } from "tms/module";
import { openDialog } from "./dialogs.ts";
import { chooseLanguage, DENSITIES, density, LANGUAGES, THEMES, theme } from "./preferences.ts";
import { signOut, signOutEverywhere } from "./start.ts";

/** What the palette offers now. */
export function availableCommands(): Command[] {
  const pages: Command[] = navigation.value.map(({ path, label, keys }) => ({
    id: `go ${path}`,
    label: () => t("ui.goTo", { name: label() }),
    ...(keys && { keys }),
    run: () => navigate(path),
  }));
  return [...pages, ...commands.value, ...profile(), ...preferences(), ...own()].filter(
    (one) => one.isAvailable?.() ?? true,
  );
}

function profile(): Command[] {
  const isAvailable = () => session.state.value === "in";
  const title = t("profile.title");
  const sections = profileSections.value.map(({ id, label }) => ({
    id: `profile ${id}`,
    label: () => `${title}: ${label()}`,
    run: () => navigate(`/profile/${id}`),
    isAvailable,
  }));
  return [
    { id: "profile", label: () => t("ui.goTo", { name: title }), run: () => navigate("/profile"), isAvailable },
    ...sections,
  ];
}

function preferences(): Command[] {
  const themes = THEMES.map((one) => ({
    id: `theme ${one}`,
    label: () => t("ui.chooseTheme", { name: themeName(one) }),
    run: () => {
      theme.value = one;
    },
    isAvailable: () => theme.value !== one,
  }));
  const densities = DENSITIES.map((one) => ({
    id: `density ${one}`,
    label: () => t("ui.chooseDensity", { name: densityName(one) }),
    run: () => {
      density.value = one;
    },
    isAvailable: () => density.value !== one,
  }));
  const languages = (Object.keys(LANGUAGES) as Language[]).map((one) => ({
    id: `language ${one}`,
    label: () => t("ui.chooseLanguage", { name: LANGUAGES[one] }),
    run: () => void chooseLanguage(one),
    isAvailable: () => language.value !== one,
  }));
  return [...themes, ...densities, ...languages];
}

function own(): Command[] {
  const isIn = () => session.state.value === "in";
  return [
    { id: "shortcuts", label: () => t("ui.shortcuts"), keys: "?", run: () => openDialog("shortcuts") },
    { id: "sign-out", label: () => t("ui.signOut"), run: signOut, isAvailable: isIn },
    {
      id: "sign-out-everywhere",
      label: () => t("ui.signOutEverywhere"),
      run: () => void signOutEverywhere(),
      isAvailable: isIn,
    },
  ];
}

export function themeName(one: (typeof THEMES)[number]): string {
  return { system: t("ui.themeSystem"), light: t("ui.themeLight"), dark: t("ui.themeDark") }[one];
}

export function densityName(one: (typeof DENSITIES)[number]): string {
  return { comfortable: t("ui.densityComfortable"), compact: t("ui.densityCompact") }[one];
}
