/** Translations: a key becomes a sentence in the language of the user. Components that call `t` follow a change of language. */
import { computed, signal } from "@preact/signals";
import { isolate } from "./isolate.ts";

/** Messages by key. A key `x` with plural forms is written `x.one`, `x.other` and is asked for as `t("x", {count})`. */
export type Messages = Record<string, string>;
export type Language = "en" | "de";

const catalogues = signal<Record<string, Messages>>({});
const current = signal<Language>("en");

/** The language of the page. */
export const language = computed(() => current.value);
const plural = computed(() => new Intl.PluralRules(current.value));

/** Adds messages of a module; a later one wins. */
export function addMessages(messages: Partial<Record<string, Messages>>): void {
  const next = { ...catalogues.peek() };
  for (const [locale, more] of Object.entries(messages)) next[locale] = { ...next[locale], ...more };
  catalogues.value = next;
}

/** Loads the catalogue of the shell and its pages. */
export async function loadCatalogue(locale: Language): Promise<void> {
  const { default: messages } = locale === "de" ? await import("catalogue:de") : await import("catalogue:en");
  // The messages of modules were added before and stay.
  catalogues.value = { ...catalogues.peek(), [locale]: { ...messages, ...catalogues.peek()[locale] } };
}

/** Switches the language, once its catalogue is loaded. English is loaded too, for keys of modules without a translation. */
export async function setLanguage(locale: Language): Promise<void> {
  await loadCatalogue(locale);
  current.value = locale;
  if (globalThis.document) document.documentElement.lang = locale;
}

/**
 * The message of a key with its `{placeholders}` filled in; the key itself where there is none.
 * `count` selects the plural form and is formatted as a number. Titles and names cannot turn the direction of the sentence.
 */
export function t(key: string, params: Record<string, string | number> = {}): string {
  const { count } = params;
  const form = typeof count === "number" ? `${key}.${plural.value.select(count)}` : key;
  const message = find(form) ?? find(`${key}.other`) ?? find(key);
  if (message === undefined) return key;
  return message.replace(/\{(\w+)\}/g, (whole, name: string) => {
    const value = params[name];
    if (typeof value === "number") return new Intl.NumberFormat(current.value).format(value);
    return value === undefined ? whole : isolate(value);
  });
}

/** Whether there is a message of this key, also one with plural forms. */
export function hasMessage(key: string): boolean {
  return (find(key) ?? find(`${key}.other`)) !== undefined;
}

function find(key: string): string | undefined {
  return catalogues.value[current.value]?.[key] ?? catalogues.value.en?.[key];
}
