import { useState } from "preact/hooks";
import { ApiError, api, errorText, type HistoryEvent, type Task } from "tms/api";
import { t } from "tms/i18n";
import { tasks } from "tms/store";
import { Button, IconButton, Notice, RelativeTime, Skeleton, toast } from "tms/ui";
import { sentences } from "./history-text.ts";
import { userName } from "./names.ts";
import type { History as TaskHistory } from "./use-history.ts";

/** What happened to the task, newest first, with undo per change. */
export function History({ task, history, mayChange }: { task: Task; history: TaskHistory; mayChange: boolean }) {
  const [undoing, setUndoing] = useState<number | null>(null);
  const { events, hasOlder, error, isLoadingOlder } = history;
  const undo = async (event_id: number) => {
    setUndoing(event_id);
    try {
      tasks.entities.put(await api.post<Task>(`/api/task/${task.id}/undo`, { event_id }));
      toast(t("taskPanel.undone"), { tone: "success" });
    } catch (reason) {
      const isChanged = reason instanceof ApiError && reason.status === 412;
      toast(isChanged ? t("taskPanel.undoConflict") : errorText(reason), { tone: "error" });
    } finally {
      setUndoing(null);
    }
  };
  return (
    <section class="task-panel__section">
      <h3>{t("taskPanel.historyTitle")}</h3>
      {error !== null && (
        <Notice tone="danger">
          {errorText(error)}{" "}
          <Button size="small" icon="refresh" onClick={history.reload}>
            {t("ui.retry")}
          </Button>
        </Notice>
      )}
      {!events && error === null && <Skeleton width="long" />}
      <ol class="task-panel__history">
        {events?.map((event, index) => (
          <Step
            key={event.event_id ?? `${event.at}-${index}`}
            texts={sentences(event, events[index + 1], userName)}
            event={event}
            isUndoing={undoing === event.event_id && undoing !== null}
            {...(mayChange && event.event === "updated" && event.event_id !== null && { onUndo: undo })}
          />
        ))}
      </ol>
      {hasOlder && (
        <Button size="small" isBusy={isLoadingOlder} onClick={history.loadOlder}>
          {t("taskPanel.history.older")}
        </Button>
      )}
    </section>
  );
}

interface StepProps {
  event: HistoryEvent;
  texts: string[];
  isUndoing: boolean;
  onUndo?: (eventId: number) => void;
}

function Step({ event: { event_id, at }, texts, isUndoing, onUndo }: StepProps) {
  return (
    <li class="task-panel__step">
      <div>
        {texts.map((text) => (
          <p key={text}>{text}</p>
        ))}
        <p class="muted">
          <RelativeTime at={at} />
        </p>
      </div>
      {onUndo && event_id !== null && (
        <IconButton
          icon="undo"
          size="small"
          label={t("taskPanel.undoStep", { step: texts[0] ?? "" })}
          isBusy={isUndoing}
          onClick={() => onUndo(event_id)}
        />
      )}
    </li>
  );
}
