/** The mail preferences of the signed-in user, which are read when the page starts: the time zone is one of them. */
import { computed, effect, untracked } from "@preact/signals";
import { api, session } from "tms/api";
import { accountTimeZone } from "tms/i18n";
import { PreferenceStore } from "./preferences.ts";

export const preferences = new PreferenceStore(api);
const userId = computed(() => session.user.value?.id);

/** Reads the preferences of each user who signs in, and has the pages use their time zone. */
export function followUser(): void {
  effect(() => {
    const id = userId.value;
    untracked(() => {
      preferences.clear();
      if (id !== undefined) void preferences.load();
    });
  });
  effect(() => {
    const shown = preferences.shown.value;
    accountTimeZone.value = shown && {
      zone: shown.timezone,
      choose: (timezone) => preferences.change({ timezone }),
    };
  });
}
