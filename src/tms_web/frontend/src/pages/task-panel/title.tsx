import { useRef } from "preact/hooks";
import type { Task } from "tms/api";
import { t } from "tms/i18n";
import { TextArea } from "tms/ui";
import { saveChange } from "./changing.ts";
import { useDraft } from "./draft.ts";

const MAX_LENGTH = 200;

/** The title, edited in place: Enter or leaving the field saves. */
export function Title({ task, mayChange }: { task: Task; mayChange: boolean }) {
  const input = useRef<HTMLTextAreaElement>(null);
  const draft = useDraft({
    name: `task/${task.id}/title`,
    value: task.title,
    version: task.version,
    save: (title, version) => saveChange(task.id, { title: title.trim() }, version),
    isValid: (text) => text.trim() !== "",
  });
  if (!mayChange) return <p class="task-panel__title">{task.title}</p>;
  return (
    <>
      <TextArea
        class="task-panel__title task-panel__title--edited"
        aria-label={t("taskPanel.title")}
        rows={1}
        maxLength={MAX_LENGTH}
        inputRef={input}
        value={draft.text}
        data-unsaved={draft.isUnsaved}
        // A title is one line.
        onText={(text) => draft.type(text.replace(/[\r\n]+/g, " "))}
        onBlur={draft.commit}
        onKeyDown={(event) => {
          if (event.key !== "Enter" || event.isComposing) return;
          event.preventDefault();
          input.current?.blur();
        }}
      />
      {draft.isOvertaken && <p class="field__hint">{t("taskPanel.overtaken")}</p>}
    </>
  );
}
