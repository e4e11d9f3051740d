import type { ComponentChildren } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { ApiError, type TaskChange } from "tms/api";
import { t } from "tms/i18n";
import { announce } from "tms/module";
import { type Conflict, tasks } from "tms/store";
import { sayWhy } from "tms/tasks";
import { Button, Notice } from "tms/ui";
import { valueText } from "./history-text.ts";
import { userName } from "./names.ts";

type Side = "theirs" | "yours";
type Decision = TaskChange | "delete" | "discard";

/** The user's changes that were refused because somebody else had changed the same: either side can be taken. */
export function Conflicts({ id, onSettled }: { id: number; onSettled: () => void }) {
  const conflicts = tasks.conflicts.value.filter(({ change }) => change.id === id);
  const decide = (conflict: Conflict) => (decision: Decision) => {
    settle(conflict, decision);
    onSettled();
  };
  return (
    <>
      {conflicts.map((conflict) =>
        conflict.change.kind === "delete" ? (
          <DeletionConflict key={conflict.change.key} decide={decide(conflict)} />
        ) : (
          <ChangeConflict
            key={conflict.change.key}
            conflict={conflict}
            patch={conflict.change.patch}
            decide={decide(conflict)}
          />
        ),
      )}
    </>
  );
}

interface ChangeConflictProps {
  conflict: Conflict;
  patch: TaskChange;
  decide: (decision: Decision) => void;
}

function ChangeConflict({ conflict, patch, decide }: ChangeConflictProps) {
  const fields = Object.entries(conflict.fields);
  const [chosen, setChosen] = useState<Record<string, Side>>({});
  const sideOf = (field: string): Side => chosen[field] ?? "yours";
  const save = () => {
    const dropped = fields.map(([field]) => field).filter((field) => sideOf(field) === "theirs");
    const kept = Object.entries(patch).filter(([field]) => !dropped.includes(field));
    decide(kept.length ? (Object.fromEntries(kept) as TaskChange) : "discard");
  };
  return (
    <ConflictRegion text={t("taskPanel.conflict.text")}>
      {fields.map(([field, { base, theirs, yours }]) => (
        <fieldset key={field} class="task-panel__choice">
          <legend>{t(`taskPanel.field.${field}`)}</legend>
          <p class="muted">
            {t("taskPanel.conflict.base")} <span class="task-panel__plain">{valueText(field, base, userName)}</span>
          </p>
          {(["theirs", "yours"] as const).map((side) => (
            <label key={side} class="task-panel__side">
              <input
                type="radio"
                name={`${conflict.change.key}-${field}`}
                checked={sideOf(field) === side}
                onChange={() => setChosen({ ...chosen, [field]: side })}
              />
              <span>
                <span class="task-panel__side-name">{t(`taskPanel.conflict.${side}`)}</span>
                <span class="task-panel__plain">{valueText(field, side === "theirs" ? theirs : yours, userName)}</span>
              </span>
            </label>
          ))}
        </fieldset>
      ))}
      <div class="task-panel__decide">
        <Button variant="primary" onClick={save}>
          {t("taskPanel.conflict.save")}
        </Button>
        <Button onClick={() => decide("discard")}>{t("taskPanel.conflict.discard")}</Button>
      </div>
    </ConflictRegion>
  );
}

function DeletionConflict({ decide }: { decide: (decision: Decision) => void }) {
  return (
    <ConflictRegion text={t("taskPanel.conflict.deletion")}>
      <div class="task-panel__decide">
        <Button variant="danger" onClick={() => decide("delete")}>
          {t("taskPanel.conflict.delete")}
        </Button>
        <Button onClick={() => decide("discard")}>{t("taskPanel.conflict.keep")}</Button>
      </div>
    </ConflictRegion>
  );
}

/** It appears above what the user is reading: it is brought into view and read out. */
function ConflictRegion({ text, children }: { text: string; children: ComponentChildren }) {
  const region = useRef<HTMLElement>(null);
  useEffect(() => {
    region.current?.scrollIntoView({ block: "nearest" });
    announce(text);
  }, []);
  return (
    <section class="task-panel__conflict" ref={region} aria-label={t("taskPanel.conflict.title")}>
      <Notice tone="warning">{text}</Notice>
      {children}
    </section>
  );
}

function settle(conflict: Conflict, decision: Decision): void {
  tasks.resolve(conflict, decision).catch((error: unknown) => {
    // Changed once more: the next conflict is shown.
    if (!(error instanceof ApiError) || error.status !== 412) sayWhy(error);
  });
}
