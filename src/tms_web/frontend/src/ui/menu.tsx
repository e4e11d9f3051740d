import type { Placement } from "@floating-ui/dom";
import type { Ref, VNode } from "preact";
import { useCallback, useEffect, useId, useRef, useState } from "preact/hooks";
import { useFloating, useOutside } from "./floating.ts";
import { Icon, type IconName } from "./icon.tsx";
import { Kbd } from "./kbd.tsx";

export interface MenuItem {
  id: string;
  label: string;
  run: () => void;
  icon?: IconName;
  keys?: string;
  /** Makes the item one of a choice. */
  checked?: boolean;
  isDanger?: boolean;
  disabled?: boolean;
  /** Draws a line above. */
  isSeparated?: boolean;
}

/** What the button that opens the menu gets. */
export interface TriggerProps {
  buttonRef: Ref<HTMLButtonElement>;
  "aria-haspopup": "menu";
  "aria-expanded": boolean;
  "aria-controls": string | undefined;
  onClick: () => void;
  onKeyDown: (event: KeyboardEvent) => void;
}

export interface MenuProps {
  label: string;
  items: readonly MenuItem[];
  trigger: (props: TriggerProps) => VNode;
  placement?: Placement;
}

/** A button with a menu: arrow keys, Home, End, first letters, Escape; the focus returns to the button. */
export function Menu({ label, items, trigger, placement = "bottom-start" }: MenuProps) {
  const [isOpen, setOpen] = useState(false);
  const id = useId();
  const button = useRef<HTMLButtonElement>(null);
  const menu = useRef<HTMLDivElement>(null);
  useFloating(button, menu, { isOpen, placement });
  const close = useCallback(() => setOpen(false), []);
  useOutside(isOpen, [button, menu], close);
  useEffect(() => {
    if (isOpen) elements(menu.current)[0]?.focus({ preventScroll: true });
  }, [isOpen]);

  const leave = () => {
    setOpen(false);
    button.current?.focus();
  };
  const onKeyDown = (event: KeyboardEvent) => {
    const all = elements(menu.current);
    const place = all.indexOf(document.activeElement as HTMLElement);
    const next = nextIndex(event.key, place, all);
    if (event.key === "Escape" || event.key === "Tab") {
      event.preventDefault();
      event.stopPropagation();
      leave();
    } else if (next !== undefined) {
      event.preventDefault();
      event.stopPropagation();
      all[next]?.focus();
    }
  };
  return (
    <>
      {trigger({
        buttonRef: button,
        "aria-haspopup": "menu",
        "aria-expanded": isOpen,
        "aria-controls": isOpen ? id : undefined,
        onClick: () => setOpen(!isOpen),
        onKeyDown: (event) => {
          if (event.key !== "ArrowDown" && event.key !== "ArrowUp") return;
          event.preventDefault();
          event.stopPropagation();
          setOpen(true);
        },
      })}
      {isOpen && (
        <div class="popover" popover="manual" role="menu" id={id} aria-label={label} ref={menu} onKeyDown={onKeyDown}>
          {items.map((item) => (
            <MenuEntry key={item.id} item={item} onRun={leave} />
          ))}
        </div>
      )}
    </>
  );
}

function MenuEntry({ item, onRun }: { item: MenuItem; onRun: () => void }) {
  const isChoice = item.checked !== undefined;
  return (
    <>
      {item.isSeparated && <hr class="option-separator" />}
      <button
        type="button"
        class={`option ${item.isDanger ? "option--danger" : ""}`}
        role={isChoice ? "menuitemradio" : "menuitem"}
        {...(isChoice && { "aria-checked": item.checked })}
        {...(item.disabled && { "aria-disabled": true })}
        tabIndex={-1}
        onClick={() => {
          if (item.disabled) return;
          // The focus is back at the button before the action moves it elsewhere.
          onRun();
          item.run();
        }}
      >
        {item.icon && <Icon name={item.icon} />}
        <span class="option__label">{item.label}</span>
        {item.keys && <Kbd keys={item.keys} />}
        {isChoice && <span class="option__check">{item.checked && <Icon name="check" />}</span>}
      </button>
    </>
  );
}

function elements(menu: HTMLElement | null): HTMLElement[] {
  return [...(menu?.querySelectorAll<HTMLElement>("[role^=menuitem]") ?? [])];
}

function nextIndex(key: string, place: number, all: HTMLElement[]): number | undefined {
  const count = all.length;
  if (key === "ArrowDown") return (place + 1) % count;
  if (key === "ArrowUp") return (place - 1 + count) % count;
  if (key === "Home") return 0;
  if (key === "End") return count - 1;
  if (key.length !== 1 || key === " ") return undefined;
  const order = all.map((_, index) => (place + 1 + index) % count);
  return order.find((index) => all[index]?.textContent?.trim().toLowerCase().startsWith(key.toLowerCase()));
}
