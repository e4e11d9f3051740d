import type { ComponentChildren } from "preact";
import { Link } from "tms/module";

export interface CountLinkProps {
  href: string | null;
  /** The name of the link, as "Overdue: 3 tasks". */
  label: string;
  class?: string;
  children: ComponentChildren;
}

/** A number that opens its tasks, or plain text where there are none. */
export function CountLink({ href, label, children, ...rest }: CountLinkProps) {
  if (href === null) return <span class={rest.class}>{children}</span>;
  return (
    <Link href={href} aria-label={label} {...(rest.class && { class: rest.class })}>
      {children}
    </Link>
  );
}
