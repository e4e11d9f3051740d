/** What can be done with the whole task: copy its link, duplicate it, delete it. */
import { ApiError, errorText, type Task } from "tms/api";
import { t } from "tms/i18n";
import { navigate, urlOf } from "tms/module";
import { tasks } from "tms/store";
import { sayWhy } from "tms/tasks";
import { toast } from "tms/ui";
import { restoreTask } from "./restore.ts";

const MAX_TITLE = 200;

export async function copyLink(id: number): Promise<void> {
  const link = globalThis.location.origin + urlOf(`/tasks/${id}`);
  try {
    await navigator.clipboard.writeText(link);
    toast(t("taskPanel.linkCopied"), { tone: "success" });
  } catch {
    // No permission, or no secure connection: the user can copy it from here.
    toast(t("taskPanel.linkNotCopied", { link }), { tone: "error" });
  }
}

export async function duplicate({ title, description, priority, due_date, assigned_to }: Task): Promise<void> {
  // The title as it is: no marks that a sentence around it needs.
  const copied = t("taskPanel.copyOf")
    .replace("{title}", () => title)
    .slice(0, MAX_TITLE);
  try {
    const task = await tasks.create({
      title: copied,
      description,
      priority,
      due_date,
      assigned_to,
      status: "PENDING",
    });
    // The filters of the list beside it stay.
    const open = () => task && navigate(`/tasks/${task.id}${globalThis.location.search}`);
    toast(t("taskPanel.duplicated"), { tone: "success", action: { label: t("taskPanel.open"), run: open } });
  } catch (error) {
    sayWhy(error);
  }
}

/** Deletes at once, with a toast that brings the task back. */
export async function remove({ id, title }: Task): Promise<void> {
  const removed = tasks.remove(id);
  const undo = async () => {
    try {
      await removed;
      await restoreTask(id);
      toast(t("taskPanel.restored", { title }), { tone: "success" });
    } catch (error) {
      toast(errorText(error), { tone: "error" });
    }
  };
  const close = toast(t("taskPanel.deleted", { title }), {
    action: { label: t("taskPanel.undo"), run: () => void undo() },
  });
  try {
    await removed;
  } catch (error) {
    close();
    const isConflict = error instanceof ApiError && error.status === 412;
    if (isConflict) toast(t("taskPanel.deleteConflict", { title }), { tone: "error" });
    else sayWhy(error);
  }
}
