import { signal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { t } from "tms/i18n";
import { Button, IconButton } from "./button.tsx";
import { Icon } from "./icon.tsx";

export interface ToastOptions {
  tone?: "info" | "success" | "error";
  /** As "Undo"; pressing it closes the toast. */
  action?: { label: string; run: () => void };
  /** Milliseconds; it waits while the pointer or the focus is on it. */
  duration?: number;
}

interface Shown extends ToastOptions {
  id: number;
  text: string;
}

const MAXIMUM = 3;
const toasts = signal<readonly Shown[]>([]);
let nextId = 1;

/** Shows a message, and reads it out; returns the function that closes it. */
export function toast(text: string, options: ToastOptions = {}): () => void {
  const id = nextId++;
  toasts.value = [...toasts.peek(), { id, text, ...options }].slice(-MAXIMUM);
  return () => close(id);
}

function close(id: number): void {
  toasts.value = toasts.peek().filter((one) => one.id !== id);
}

/** Where toasts are shown; the shell has one. It is a popover, so that dialogs do not cover it. */
export function ToastRegion() {
  const region = useRef<HTMLDivElement>(null);
  const shown = toasts.value;
  useEffect(() => {
    region.current?.hidePopover();
    if (shown.length) region.current?.showPopover();
  }, [shown]);
  return (
    <div class="toasts" popover="manual" ref={region} role="status" aria-live="polite" aria-label={t("ui.messages")}>
      {shown.map((one) => (
        <Toast key={one.id} toast={one} />
      ))}
    </div>
  );
}

function Toast({ toast: { id, text, tone = "info", action, duration } }: { toast: Shown }) {
  const timer = useRef<ReturnType<typeof setTimeout> | undefined>(undefined);
  const wait = () => {
    clearTimeout(timer.current);
    timer.current = setTimeout(() => close(id), duration ?? (action || tone === "error" ? 9000 : 5000));
  };
  const hold = () => clearTimeout(timer.current);
  useEffect(() => {
    wait();
    return hold;
  }, []);
  return (
    <div class={`toast toast--${tone}`} onPointerEnter={hold} onPointerLeave={wait} onFocusIn={hold} onFocusOut={wait}>
      <Icon name={tone === "error" ? "alert" : tone === "success" ? "check" : "info"} />
      <span class="toast__text">{text}</span>
      {action && (
        <Button
          size="small"
          onClick={() => {
            close(id);
            action.run();
          }}
        >
          {action.label}
        </Button>
      )}
      <IconButton icon="x" size="small" label={t("ui.close")} onClick={() => close(id)} />
    </div>
  );
}
