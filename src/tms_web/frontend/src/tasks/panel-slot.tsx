/** The panel of one task; its code is loaded when a task is opened for the first time. */
import { signal } from "@preact/signals";
import type { ComponentType } from "preact";
import { useEffect } from "preact/hooks";
import { ErrorState, SkeletonRows } from "tms/ui";

type Panel = ComponentType<{ id: number; onClose: () => void }>;

const panel = signal<Panel | null>(null);
const failure = signal<unknown>(null);

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

export function PanelSlot({ id, onClose }: { id: number; onClose: () => void }) {
  useEffect(() => {
    if (!panel.peek()) load();
  }, []);
  const Loaded = panel.value;
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
