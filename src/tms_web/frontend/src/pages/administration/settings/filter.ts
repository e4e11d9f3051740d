/** Finding settings: all words of the search, in name, variable, help or value. */
import type { Setting } from "tms/api";

export interface SettingsFilter {
  q: string;
  isChangedOnly: boolean;
}

/** Whether a setting differs from its default. */
export function isChanged(setting: Setting): boolean {
  if (setting.is_secret) return setting.is_set;
  return setting.value !== setting.default;
}

/** The matching settings by package, in the order of the server. */
export function groupSettings(settings: readonly Setting[], filter: SettingsFilter): Map<string, Setting[]> {
  const words = filter.q.toLowerCase().split(/\s+/).filter(Boolean);
  const groups = new Map<string, Setting[]>();
  for (const setting of settings) {
    if (filter.isChangedOnly && !isChanged(setting)) continue;
    const text = [setting.name, setting.variable, setting.help, setting.value ?? ""].join(" ").toLowerCase();
    if (!words.every((word) => text.includes(word))) continue;
    const group = groups.get(setting.package);
    if (group) group.push(setting);
    else groups.set(setting.package, [setting]);
  }
  return groups;
}
