/** Edits the title of a task in its row. */
import { useLayoutEffect, useRef } from "preact/hooks";
import type { Task } from "tms/api";
import { t } from "tms/i18n";
import { changeTasks } from "./actions.ts";

/** Enter and leaving save, Escape does not. What is typed stays while others change the task. */
export function TitleInput({ task, onEnd }: { task: Task; onEnd: () => void }) {
  const input = useRef<HTMLInputElement>(null);
  const isOver = useRef(false);
  // At once, so that no key press is lost.
  useLayoutEffect(() => {
    input.current?.focus();
    input.current?.select();
  }, []);
  const end = (isSaved: boolean) => {
    if (isOver.current) return;
    isOver.current = true;
    const title = input.current?.value.trim();
    if (isSaved && title && title !== task.title) void changeTasks([task.id], { title });
    onEnd();
  };
  return (
    <input
      class="input title-input"
      ref={input}
      type="text"
      aria-label={t("tasks.field.title")}
      defaultValue={task.title}
      onBlur={() => end(true)}
      onKeyDown={(event) => {
        if (event.key !== "Enter" && event.key !== "Escape") return;
        event.preventDefault();
        event.stopPropagation();
        end(event.key === "Enter");
      }}
    />
  );
}
