/** The panel of one task; its code is loaded when a task is opened for the first time. */
import { signal } from "@preact/signals";
import type { ComponentType } from "preact";
import { useEffect, useState } from "preact/hooks";
import { t } from "tms/i18n";
import { useShortcuts } from "tms/module";
import { ErrorState, SkeletonRows } from "tms/ui";

type Panel = ComponentType<{ id: number; onClose: () => void }>;

const panel = signal<Panel | null>(null);
const failure = signal<unknown>(null);
/** Milliseconds, in browsers that do not say when they are idle. */
const IDLE_AFTER = 2_000;

function load(): void {
  failure.value = null;
  import("../pages/task-panel/index.tsx").then(
    (module) => {
      panel.value = module.default;
    },
    (error: unknown) => {
      failure.value = error;
    },
  );
}

/** Loads the panel once the browser has nothing else to do, so that the first task opens at once. */
export function usePanelWhenIdle(): void {
  useEffect(() => {
    if (panel.peek()) return;
    const whenIdle = globalThis.requestIdleCallback ?? ((act: () => void) => setTimeout(act, IDLE_AFTER));
    whenIdle(() => {
      if (!panel.peek()) load();
    });
  }, []);
}

export function PanelSlot({ id, onClose }: { id: number; onClose: () => void }) {
  // The key that opens a task is answered by the empty panel at once; its content takes a few frames.
  const [isPainted, setPainted] = useState(false);
  useEffect(() => {
    setPainted(true);
    if (!panel.peek()) load();
  }, []);
  useShortcuts([{ keys: "escape", label: t("taskPanel.close"), run: onClose }]);
  const Loaded = isPainted && panel.value;
  return (
    <div class="tasks__panel">
      {Loaded ? (
        <Loaded id={id} onClose={onClose} />
      ) : failure.value ? (
        <ErrorState error={failure.value} onRetry={load} />
      ) : (
        <SkeletonRows count={6} />
      )}
    </div>
  );
}
