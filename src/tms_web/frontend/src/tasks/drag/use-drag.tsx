import type { ReadonlySignal } from "@preact/signals";
import { useCallback, useRef, useState } from "preact/hooks";
import { t } from "tms/i18n";
import { type Drag, DragController, type DragRules } from "./controller.ts";

const HINT = "drag-hint";

/** Makes an element an area for dragging: `areaRef` is its ref, `drag` what is dragged now. */
export function useDrag(rules: DragRules): {
  areaRef: (area: HTMLElement | null) => void;
  drag: ReadonlySignal<Drag | null>;
} {
  const latest = useRef(rules);
  latest.current = rules;
  const [controller] = useState(() => new DragController(() => latest.current));
  const stop = useRef<() => void>(undefined);
  const areaRef = useCallback((area: HTMLElement | null) => {
    stop.current?.();
    stop.current = area ? controller.attach(area) : undefined;
  }, []);
  return { areaRef, drag: controller.drag };
}

/** The attributes of the focusable element of a task that can be dragged. `drag` is that of `useDrag`. */
export function dragProps(id: number, drag: Drag | null) {
  return {
    "data-drag": id,
    "data-dragged": drag?.id === id ? (drag.isByKeyboard ? "keyboard" : "pointer") : undefined,
    "aria-describedby": HINT,
  };
}

/** Says how tasks are moved by keyboard; once in an area. */
export function DragHint() {
  return (
    <p id={HINT} hidden>
      {t("tasks.drag.hint")}
    </p>
  );
}
