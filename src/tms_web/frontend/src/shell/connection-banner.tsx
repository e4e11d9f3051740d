import { signal } from "@preact/signals";
import type { ComponentChildren } from "preact";
import { useEffect, useState } from "preact/hooks";
import { session } from "tms/api";
import { t } from "tms/i18n";
import { connection } from "tms/realtime";
import { tasks } from "tms/store";
import { Button, Icon } from "tms/ui";

// Milliseconds: a short interruption is not worth a message.
const PATIENCE = 3_000;
const isOnline = signal(navigator.onLine);
for (const name of ["online", "offline"])
  globalThis.addEventListener(name, () => {
    isOnline.value = navigator.onLine;
  });

/** Says when the browser is offline, or when changes of others do not arrive. */
export function ConnectionBanner() {
  const isOffline = !isOnline.value || tasks.isOffline.value;
  const isInterrupted = connection.value === "waiting" || connection.value === "connecting";
  const [isLong, setLong] = useState(false);
  useEffect(() => {
    setLong(false);
    if (!isInterrupted) return;
    const timer = setTimeout(() => setLong(true), PATIENCE);
    return () => clearTimeout(timer);
  }, [isInterrupted]);
  const isStopped = connection.value === "closed" && session.state.value === "in";
  // The live region exists before its text does.
  return (
    <div role="status" class="shell__status">
      {isOffline ? (
        <Banner text={`${t("ui.offline")} ${pending()}`} />
      ) : isInterrupted && isLong ? (
        <Banner text={t("ui.reconnecting")} />
      ) : isStopped ? (
        <Banner text={t("ui.feedClosed")}>
          <Button size="small" onClick={() => globalThis.location.reload()}>
            {t("ui.reload")}
          </Button>
        </Banner>
      ) : null}
    </div>
  );
}

function pending(): string {
  const count = tasks.queue.value.length;
  return count ? t("ui.unsent", { count }) : "";
}

function Banner({ text, children }: { text: string; children?: ComponentChildren }) {
  return (
    <div class="shell__banner">
      <Icon name="offline" />
      <span>{text}</span>
      {children}
    </div>
  );
}
