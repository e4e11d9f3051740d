import { ApiError, api, type HistoryEvent, type Task } from "tms/api";
import { tasks } from "tms/store";

// The deletion is numbered by the relay within milliseconds, while it runs; times in milliseconds.
const ATTEMPTS = 6;
const PAUSE = 700;

/** Brings a deleted task back under its id, by undoing its deletion. Rejects with ApiError. */
export async function restoreTask(id: number): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    const [newest] = await api.get<HistoryEvent[]>(`/api/task/${id}/history`, { page_size: 1 });
    if (newest && newest.event !== "deleted") {
      // Somebody else was faster.
      await tasks.load(id);
      return;
    }
    if (newest?.event_id) {
      tasks.entities.put(await api.post<Task>(`/api/task/${id}/undo`, { event_id: newest.event_id }));
      return;
    }
    if (attempt === ATTEMPTS) throw new ApiError(503);
    await new Promise((resolve) => setTimeout(resolve, PAUSE));
  }
}
