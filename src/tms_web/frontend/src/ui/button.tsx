import type { ComponentChildren, JSX, Ref } from "preact";
import { Icon, type IconName } from "./icon.tsx";
import { Tooltip } from "./tooltip.tsx";

export type Variant = "primary" | "secondary" | "quiet" | "danger";
type Native = Omit<JSX.IntrinsicElements["button"], "size" | "icon" | "ref" | "class">;

export interface ButtonProps extends Native {
  variant?: Variant;
  size?: "small" | "medium";
  icon?: IconName;
  /** A request is on its way: it cannot be pressed again, and keeps its focus. */
  isBusy?: boolean;
  isWide?: boolean;
  class?: string;
  buttonRef?: Ref<HTMLButtonElement> | undefined;
  children?: ComponentChildren;
}

export function Button({
  variant = "secondary",
  size,
  icon,
  isBusy,
  isWide,
  buttonRef,
  children,
  ...rest
}: ButtonProps) {
  const names = [
    "button",
    `button--${variant}`,
    size === "small" && "button--small",
    isWide && "button--wide",
    rest.class,
  ];
  return (
    <button
      type="button"
      {...rest}
      {...(isBusy && { "aria-busy": true, "aria-disabled": true, onClick: (event: Event) => event.preventDefault() })}
      class={names.filter(Boolean).join(" ")}
      ref={buttonRef ?? null}
    >
      {icon && <Icon name={icon} />}
      {children}
    </button>
  );
}

export interface IconButtonProps extends Omit<ButtonProps, "children" | "icon"> {
  icon: IconName;
  /** The name, also shown as a tooltip. */
  label: string;
  /** Keys that do the same, shown in the tooltip. */
  keys?: string;
}

export function IconButton({ icon, label, keys, variant = "quiet", ...rest }: IconButtonProps) {
  return (
    <Tooltip text={label} {...(keys && { keys })}>
      <Button {...rest} variant={variant} class={`button--icon ${rest.class ?? ""}`} aria-label={label}>
        <Icon name={icon} />
      </Button>
    </Tooltip>
  );
}
