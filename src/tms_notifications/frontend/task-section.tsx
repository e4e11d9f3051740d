/** In the task panel: muting the task, and why the user did, or did not, get a mail about it. */
import { useEffect, useState } from "preact/hooks";
import { t } from "tms/i18n";
import type { TaskPartProps } from "tms/module";
import { Button } from "tms/ui";
import { LedgerView } from "./ledger-view.tsx";
import { isMuted, loadMute, setMuted } from "./mutes.ts";

export default function TaskNotifications({ taskId }: TaskPartProps) {
  const [isAsked, setAsked] = useState(false);
  const isOn = isMuted(taskId);
  useEffect(() => {
    setAsked(false);
    const controller = new AbortController();
    // Without an answer the task can be muted all the same.
    void loadMute(taskId, controller.signal).catch(() => {});
    return () => controller.abort();
  }, [taskId]);
  return (
    <section class="task-panel__section task-notifications">
      <div class="task-notifications__head">
        <h3>{t("notifications.inbox")}</h3>
        <Button size="small" icon={isOn ? "bell" : "bellOff"} onClick={() => void setMuted(taskId, !isOn)}>
          {t(isOn ? "notifications.unmute" : "notifications.mute")}
        </Button>
      </div>
      {isOn && <p class="muted">{t("notifications.mutedText")}</p>}
      <details onToggle={(event) => setAsked(event.currentTarget.open)}>
        <summary>{t("notifications.why")}</summary>
        {isAsked && <LedgerView path="/api/users/me/notifications/log" taskId={taskId} isOwn />}
      </details>
    </section>
  );
}
