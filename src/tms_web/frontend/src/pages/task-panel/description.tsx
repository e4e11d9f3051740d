import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import type { Task } from "tms/api";
import { t } from "tms/i18n";
import { config } from "tms/module";
import { Button, Kbd, Skeleton, TextArea } from "tms/ui";
import { saveChange } from "./changing.ts";
import { useDraft } from "./draft.ts";
import type { RenderMarkdown } from "./markdown.ts";

const MAX_LENGTH = 10_000;
let loading: Promise<RenderMarkdown> | null = null;

function loadRenderer(): Promise<RenderMarkdown> {
  loading ??= import("./markdown.ts").then(({ markdownRenderer }) => markdownRenderer(config.images));
  // After a network error the next panel tries again.
  loading.catch(() => {
    loading = null;
  });
  return loading;
}

/** The description: read as Markdown, written as text; leaving the field or Ctrl+Enter saves. */
export function Description({ task, mayChange }: { task: Task; mayChange: boolean }) {
  const input = useRef<HTMLTextAreaElement>(null);
  const button = useRef<HTMLButtonElement>(null);
  const draft = useDraft({
    name: `task/${task.id}/description`,
    value: task.description,
    version: task.version,
    save: (description, version) =>
      saveChange(task.id, { description }, version).then((isKept) => {
        if (isKept) setEditing(true);
        return isKept;
      }),
  });
  // What was typed before a reload is shown as it was.
  const [isEditing, setEditing] = useState(draft.isUnsaved);
  useEffect(() => {
    if (isEditing) input.current?.focus();
  }, [isEditing]);
  const isShown = isEditing && mayChange;
  const show = () => {
    draft.commit();
    setEditing(false);
    button.current?.focus();
  };
  return (
    <section class="task-panel__section">
      <div class="task-panel__section-head">
        <h3>{t("taskPanel.description")}</h3>
        {mayChange && (
          <Button
            size="small"
            variant="quiet"
            buttonRef={button}
            icon={isShown ? "eye" : "edit"}
            onClick={() => (isShown ? show() : setEditing(true))}
          >
            {isShown ? t("taskPanel.preview") : t("taskPanel.edit")}
          </Button>
        )}
      </div>
      {isShown ? (
        <>
          <TextArea
            class="task-panel__text"
            aria-label={t("taskPanel.description")}
            rows={8}
            maxLength={MAX_LENGTH}
            inputRef={input}
            value={draft.text}
            data-unsaved={draft.isUnsaved}
            onText={draft.type}
            onBlur={draft.commit}
            onKeyDown={(event) => {
              if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey)) return;
              event.preventDefault();
              show();
            }}
          />
          <p class="field__hint">
            {draft.isOvertaken ? t("taskPanel.overtaken") : t("taskPanel.markdownHint")} <Kbd keys="mod+enter" />
          </p>
        </>
      ) : draft.text.trim() ? (
        <Markdown text={draft.text} />
      ) : (
        <p class="muted">{t("taskPanel.noDescription")}</p>
      )}
    </section>
  );
}

function Markdown({ text }: { text: string }) {
  const container = useRef<HTMLDivElement>(null);
  const [render, setRender] = useState<RenderMarkdown | "loading" | "failed">("loading");
  useEffect(() => {
    let isWanted = true;
    loadRenderer().then(
      (loaded) => isWanted && setRender(() => loaded),
      () => isWanted && setRender("failed"),
    );
    return () => {
      isWanted = false;
    };
  }, []);
  useLayoutEffect(() => {
    if (container.current && typeof render === "function") container.current.innerHTML = render(text);
  }, [render, text]);
  if (render === "loading") return <Skeleton width="long" />;
  if (render === "failed") return <p class="task-panel__plain">{text}</p>;
  return <div class="markdown" ref={container} />;
}
