/** Today in the user's zone, as a signal that moves on at midnight. */
import { computed, signal } from "@preact/signals";
import { today } from "tms/i18n";

const PERIOD = 15_000;
const now = signal(Date.now());

if (globalThis.document) {
  const tick = () => {
    now.value = Date.now();
  };
  setInterval(tick, PERIOD);
  // Timers rest while a computer sleeps and in tabs in the background.
  document.addEventListener("visibilitychange", tick);
}

export const currentDay = computed(() => today(new Date(now.value)));
