/** One line becomes a task: what is understood of it is shown as chips while typing. */
import type { RefObject } from "preact";
import { useEffect, useMemo, useState } from "preact/hooks";
import { session } from "tms/api";
import { formatDate, t, today } from "tms/i18n";
import { announce } from "tms/module";
import { keepDraft, nameOf, readDraft, users } from "tms/store";
import { Avatar, Button, Chip, Icon, Kbd, PriorityMark, toast } from "tms/ui";
import { createTask, type QuickTask } from "./actions.ts";
import { leaveField } from "./leave-field.ts";
import { parseTask, type Token } from "./parse.ts";

export interface QuickAddProps {
  input: RefObject<HTMLInputElement | null>;
  /** Whether the list shows the task; else it is said where it went. */
  isListed: (id: number) => boolean;
  onOpen: (id: number) => void;
  /** The name under which an unfinished line survives a reload. */
  draftName?: string;
  /** What the task gets where the line says nothing else. */
  defaults?: Partial<QuickTask>;
  /** Takes the day out of the defaults; with it, the day is shown as a chip. */
  onRemoveDay?: () => void;
  placeholder?: string;
}

export function QuickAdd({ input, isListed, onOpen, draftName, defaults, onRemoveDay, placeholder }: QuickAddProps) {
  const [line, setLine] = useState(() => (draftName && readDraft<string>(draftName)) || "");
  useEffect(() => {
    if (draftName) keepDraft(draftName, line || null);
  }, [line]);
  const [ignored, setIgnored] = useState<ReadonlySet<string>>(new Set());
  const all = users.all.value;
  const now = today();
  const day = defaults?.due_date;
  const me = session.user.value?.id ?? 0;
  const parsed = useMemo(() => parseTask(line, { today: now, users: all, me, ignored }), [line, now, all, me, ignored]);
  const reset = () => {
    setLine("");
    setIgnored(new Set());
  };
  const submit = async () => {
    const { tokens: _tokens, ...said } = parsed;
    const task = { ...defaults, ...said };
    if (!task.title) return;
    reset();
    const id = await createTask(task);
    if (id === null) {
      // What was typed is not lost, unless the next task is being typed already.
      setLine((present) => present || line);
      return;
    }
    announce(t("tasks.created", { title: task.title }));
    if (!isListed(id)) {
      const action = { label: t("tasks.open"), run: () => onOpen(id) };
      toast(t("tasks.createdElsewhere", { title: task.title }), { tone: "success", action });
    }
  };
  return (
    <form
      class="quick-add"
      onSubmit={(event) => {
        event.preventDefault();
        void submit();
      }}
    >
      <Icon name="plus" />
      <input
        class="quick-add__input"
        ref={input}
        type="text"
        enterkeyhint="done"
        autocomplete="off"
        aria-label={t("tasks.add.label")}
        placeholder={placeholder ?? t("tasks.add.placeholder")}
        value={line}
        onInput={(event) => setLine(event.currentTarget.value)}
        onKeyDown={(event) => {
          if (event.key !== "Escape") return;
          event.stopPropagation();
          // A dialog around it stays open while there is something to clear.
          if (line) {
            event.preventDefault();
            reset();
          } else if (onRemoveDay) onRemoveDay();
          else leaveField(event.currentTarget);
        }}
      />
      {day && onRemoveDay && !parsed.due_date && (
        <Chip
          mark={<Icon name="calendar" />}
          onRemove={() => {
            onRemoveDay();
            input.current?.focus();
          }}
          removeLabel={t("tasks.add.removeDay")}
        >
          {dayText(day)}
        </Chip>
      )}
      {line.trim() ? (
        <>
          <span class="quick-add__chips" role="status">
            {parsed.tokens.map((token) => (
              <Chip
                key={token.kind}
                mark={markOf(token)}
                removeLabel={t("tasks.add.keep", { text: token.text })}
                onRemove={() => {
                  setIgnored(new Set([...ignored, token.text]));
                  input.current?.focus();
                }}
              >
                {textOf(token)}
              </Chip>
            ))}
          </span>
          <Button variant="primary" size="small" type="submit" disabled={!parsed.title}>
            {t("tasks.add.action")}
          </Button>
        </>
      ) : (
        <Kbd keys="c" />
      )}
    </form>
  );
}

function markOf(token: Token) {
  switch (token.kind) {
    case "priority":
      return <PriorityMark priority={token.value} />;
    case "assignee":
      return <Avatar user={users.get(token.value)} />;
    case "due":
      return <Icon name="calendar" />;
  }
}

function textOf(token: Token): string {
  switch (token.kind) {
    case "priority":
      return t(`priority.${token.value}`);
    case "assignee": {
      const user = users.get(token.value);
      return user ? nameOf(user) : token.text;
    }
    case "due":
      return dayText(token.value);
  }
}

function dayText(day: string): string {
  return formatDate(day, { weekday: "short", day: "numeric", month: "short" });
}
