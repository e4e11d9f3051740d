/** The state of the live connection, in the header. */
import { signal } from "@preact/signals";
import { t } from "tms/i18n";
import { connection } from "tms/realtime";
import { tasks } from "tms/store";
import { Icon, Tooltip, toast } from "tms/ui";

type Shown = "live" | "connecting" | "delayed" | "offline";

const isOnline = signal(navigator.onLine);
for (const name of ["online", "offline"])
  globalThis.addEventListener(name, () => {
    isOnline.value = navigator.onLine;
  });

function shown(): Shown {
  if (!isOnline.value || tasks.isOffline.value) return "offline";
  if (connection.value === "open") return "live";
  return connection.value === "connecting" ? "connecting" : "delayed";
}

export function ConnectionItem() {
  const state = shown();
  const text = t(`realtime.${state}.text`);
  return (
    <Tooltip text={text}>
      <button
        type="button"
        class="connection"
        data-state={state}
        aria-label={`${t(`realtime.${state}`)}: ${text}`}
        // Where there is no pointer to hover with.
        onClick={() => toast(text)}
      >
        {state === "offline" ? <Icon name="offline" /> : <span class="connection__mark" />}
        <span class="connection__text">{t(`realtime.${state}`)}</span>
      </button>
    </Tooltip>
  );
}
