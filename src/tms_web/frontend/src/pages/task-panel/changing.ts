/** Sends the user's changes of a task, and says what went wrong. */
import { ApiError, type TaskChange } from "tms/api";
import { isUnsent, tasks } from "tms/store";
import { sayWhy } from "tms/tasks";

/** Resolves to whether the text is to stay in its field: it was refused, and neither a conflict nor the queue holds it. */
export async function saveChange(id: number, patch: TaskChange, version?: number): Promise<boolean> {
  try {
    await tasks.change(id, patch, version);
    return false;
  } catch (error) {
    if (error instanceof ApiError && error.status === 412) return false;
    sayWhy(error);
    return !isUnsent(error);
  }
}
