import { signal } from "@preact/signals";
import type { ComponentChildren } from "preact";
import { useId, useLayoutEffect, useRef } from "preact/hooks";
import { t } from "tms/i18n";
import { Button, IconButton } from "./button.tsx";

export interface DialogProps {
  title: string;
  onClose: () => void;
  isWide?: boolean;
  children: ComponentChildren;
}

/** A modal dialog: the browser keeps the focus inside and gives it back. Mounted means open. */
export function Dialog({ title, onClose, isWide, children }: DialogProps) {
  const dialog = useRef<HTMLDialogElement>(null);
  const id = useId();
  // At once, so that no key press goes elsewhere.
  useLayoutEffect(() => {
    const before = document.activeElement;
    const element = dialog.current;
    element?.showModal();
    return () => {
      // While it is open, nothing behind it can be focused.
      element?.close();
      if (before instanceof HTMLElement && before.isConnected) before.focus();
    };
  }, []);
  return (
    <dialog
      class={`dialog ${isWide ? "dialog--wide" : ""}`}
      ref={dialog}
      aria-labelledby={id}
      onCancel={(event) => {
        event.preventDefault();
        onClose();
      }}
      onMouseDown={(event) => event.target === dialog.current && onClose()}
    >
      <div class="dialog__head">
        <h2 id={id}>{title}</h2>
        <IconButton icon="x" label={t("ui.close")} onClick={onClose} />
      </div>
      <div class="dialog__body">{children}</div>
    </dialog>
  );
}

export interface Question {
  title: string;
  text: ComponentChildren;
  /** The name of the action, as "Delete". */
  action: string;
  isDanger?: boolean;
}

const question = signal<(Question & { answer: (yes: boolean) => void }) | null>(null);

/** Asks the user; resolves to whether the action was chosen. */
export function confirm(asked: Question): Promise<boolean> {
  question.peek()?.answer(false);
  return new Promise((resolve) => {
    const answer = (yes: boolean) => {
      question.value = null;
      resolve(yes);
    };
    question.value = { ...asked, answer };
  });
}

/** Where `confirm` shows its dialog; the shell has one. */
export function ConfirmRegion() {
  const asked = question.value;
  if (!asked) return null;
  return (
    <Dialog title={asked.title} onClose={() => asked.answer(false)}>
      <div class="muted">{asked.text}</div>
      <div class="dialog__actions">
        <Button onClick={() => asked.answer(false)}>{t("ui.cancel")}</Button>
        <Button variant={asked.isDanger ? "danger" : "primary"} onClick={() => asked.answer(true)} autofocus>
          {asked.action}
        </Button>
      </div>
    </Dialog>
  );
}
