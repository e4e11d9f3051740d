/** Dragging tasks between targets by mouse, touch and keyboard. */
export type { Drag, DragRules } from "./controller.ts";
export { DragHint, dragProps, useDrag } from "./use-drag.tsx";
