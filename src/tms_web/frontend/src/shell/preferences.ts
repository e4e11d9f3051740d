/** Theme, density, language and formats, kept in this browser. */
import { effect, signal } from "@preact/signals";
import {
  accountTimeZone,
  type DateFormat,
  dateFormat,
  type HourFormat,
  hourFormat,
  type Language,
  setLanguage,
  timeZone,
} from "tms/i18n";
import { config } from "tms/module";

export type Theme = "system" | "light" | "dark";
export type Density = "comfortable" | "compact";

export const THEMES: readonly Theme[] = ["system", "light", "dark"];
export const DENSITIES: readonly Density[] = ["comfortable", "compact"];
export const DATE_FORMATS: readonly DateFormat[] = ["language", "dmy", "mdy", "iso"];
export const HOUR_FORMATS: readonly HourFormat[] = ["language", "24", "12"];
export const TIME_ZONES: readonly string[] = [
  "UTC",
  ...Intl.supportedValuesOf("timeZone").filter((one) => one !== "UTC"),
];
/** Each by its own name, so that everybody finds theirs. */
export const LANGUAGES: Readonly<Record<Language, string>> = { en: "English", de: "Deutsch" };

export const theme = signal<Theme>(saved("theme", THEMES) ?? "system");
export const density = signal<Density>(saved("density", DENSITIES) ?? "comfortable");
/** The time zone of this browser, where no package keeps one with the account; empty: the deployment's. */
export const deviceTimeZone = signal(saved("timeZone", TIME_ZONES) ?? "");
dateFormat.value = saved("dateFormat", DATE_FORMATS) ?? "language";
hourFormat.value = saved("hourFormat", HOUR_FORMATS) ?? "language";

/** Applies the preferences; resolves when the language is loaded. */
export async function applyPreferences(): Promise<void> {
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const isDark = signal(dark.matches);
  dark.addEventListener("change", () => {
    isDark.value = dark.matches;
  });
  effect(() => {
    const shown = theme.value === "system" ? (isDark.value ? "dark" : "light") : theme.value;
    document.documentElement.dataset.theme = shown;
    save("theme", theme.value);
  });
  effect(() => {
    document.documentElement.dataset.density = density.value;
    save("density", density.value);
  });
  effect(() => {
    const chosen = accountTimeZone.value ? accountTimeZone.value.zone : deviceTimeZone.value;
    timeZone.value = chosen || config.timezone;
    save("timeZone", deviceTimeZone.value);
  });
  effect(() => {
    save("dateFormat", dateFormat.value);
    save("hourFormat", hourFormat.value);
  });
  const languages = Object.keys(LANGUAGES) as Language[];
  const wanted = navigator.languages.map((one) => one.slice(0, 2));
  const fallback = wanted.map((one) => languages.find((known) => known === one)).find(Boolean) ?? "en";
  const chosen = saved("language", languages) ?? fallback;
  // English too, for texts of modules that have no others.
  if (chosen !== "en") await setLanguage("en");
  await setLanguage(chosen);
}

export async function chooseLanguage(chosen: Language): Promise<void> {
  await setLanguage(chosen);
  save("language", chosen);
}

function saved<T extends string>(name: string, values: readonly T[]): T | undefined {
  try {
    const value = localStorage.getItem(`tms.${name}`);
    return values.find((one) => one === value);
  } catch {
    // The user has forbidden storage.
    return undefined;
  }
}

function save(name: string, value: string): void {
  try {
    localStorage.setItem(`tms.${name}`, value);
  } catch {
    // It holds until the page is left.
  }
}
