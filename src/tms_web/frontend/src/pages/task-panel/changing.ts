/** Sends the user's changes of a task, and says what went wrong. */
import { ApiError, errorText, type TaskChange } from "tms/api";
import { tasks } from "tms/store";
import { toast } from "tms/ui";

/** Resolves to whether the text is to stay in its field: it was refused, and no conflict holds it. */
export async function saveChange(id: number, patch: TaskChange, version?: number): Promise<boolean> {
  try {
    await tasks.change(id, patch, version);
    return false;
  } catch (error) {
    if (error instanceof ApiError && error.status === 412) return false;
    toast(errorText(error), { tone: "error" });
    return true;
  }
}
