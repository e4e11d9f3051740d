/** Tasks that the user has muted, as far as they are known. */
import { effect, signal } from "@preact/signals";
import { api, errorText, session, type TaskMute } from "tms/api";
import { t } from "tms/i18n";
import { toast } from "tms/ui";

const muted = signal<ReadonlyMap<number, boolean>>(new Map());
effect(() => {
  if (!session.user.value) muted.value = new Map();
});

/** Marks the user's last change of each task: what was asked for under another mark may be out of date. */
const changes = new Map<number, symbol>();

/** Undefined while it is not known. */
export function isMuted(taskId: number): boolean | undefined {
  return muted.value.get(taskId);
}

/** Rejects with ApiError. */
export async function loadMute(taskId: number, signal?: AbortSignal): Promise<void> {
  const change = changes.get(taskId);
  const { is_muted } = await api.get<TaskMute>(pathOf(taskId), {}, signal ? { signal } : {});
  if (change === changes.get(taskId)) keep(taskId, is_muted);
}

/** Mutes a task or ends it, at once; a failure is taken back and told. */
export async function setMuted(taskId: number, isOn: boolean): Promise<void> {
  const before = muted.peek().get(taskId);
  const change = Symbol();
  changes.set(taskId, change);
  keep(taskId, isOn);
  // What is read while the change is on its way may be older than it.
  const settle = (value: boolean | undefined) => {
    if (changes.get(taskId) !== change) return;
    changes.set(taskId, Symbol());
    keep(taskId, value);
  };
  try {
    await api.request(isOn ? "PUT" : "DELETE", pathOf(taskId));
    settle(isOn);
    toast(t(isOn ? "notifications.muted" : "notifications.unmuted"), {
      tone: "success",
      action: { label: t("notifications.undo"), run: () => void setMuted(taskId, !isOn) },
    });
  } catch (error) {
    settle(before);
    toast(errorText(error), { tone: "error" });
  }
}

function keep(taskId: number, isOn: boolean | undefined): void {
  const next = new Map(muted.peek());
  if (isOn === undefined) next.delete(taskId);
  else next.set(taskId, isOn);
  muted.value = next;
}

function pathOf(taskId: number): string {
  return `/api/task/${taskId}/mute`;
}
