import { type ComponentChildren, cloneElement, type HTMLAttributes, type VNode } from "preact";
import { useRef, useState } from "preact/hooks";
import { useFloating } from "./floating.ts";
import { Kbd } from "./kbd.tsx";

const DELAY = 450;

/** Shows a text while the pointer or the focus is on its only child. The child has a name of its own. */
export function Tooltip({
  text,
  keys,
  children,
}: {
  text: ComponentChildren;
  keys?: string;
  children: VNode<HTMLAttributes>;
}) {
  const [isOpen, setOpen] = useState(false);
  const anchor = useRef<HTMLElement>(null);
  const popover = useRef<HTMLDivElement>(null);
  const timer = useRef<ReturnType<typeof setTimeout> | undefined>(undefined);
  useFloating(anchor, popover, { isOpen, placement: "top" });
  const show = (event: Event, delay: number) => {
    const target = event.currentTarget as HTMLElement;
    clearTimeout(timer.current);
    timer.current = setTimeout(() => {
      anchor.current = target;
      if (target.isConnected && target.getAttribute("aria-expanded") !== "true") setOpen(true);
    }, delay);
  };
  const hide = () => {
    clearTimeout(timer.current);
    setOpen(false);
  };
  return (
    <>
      {cloneElement(children, {
        onPointerEnter: (event: PointerEvent) => event.pointerType === "mouse" && show(event, DELAY),
        onPointerLeave: hide,
        onPointerDown: hide,
        onFocus: (event: FocusEvent) =>
          (event.currentTarget as HTMLElement).matches(":focus-visible") && show(event, DELAY),
        onBlur: hide,
      } as HTMLAttributes)}
      {isOpen && (
        <div class="tooltip" popover="manual" ref={popover} role="tooltip">
          {text}
          {keys && <Kbd keys={keys} />}
        </div>
      )}
    </>
  );
}
