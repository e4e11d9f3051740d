import type { HTMLAttributes, Ref } from "preact";
import { navigate, urlOf } from "./location.ts";

export interface LinkProps extends Omit<HTMLAttributes<HTMLAnchorElement>, "href" | "ref"> {
  /** A path of the UI, as "/tasks/42". */
  href: string;
  target?: string;
  linkRef?: Ref<HTMLAnchorElement>;
}

/** A link to a page of the UI. A click with a modifier key opens a tab, as everywhere. */
export function Link({ href, linkRef, onClick, ...rest }: LinkProps) {
  return (
    <a
      {...(rest as object)}
      href={urlOf(href)}
      ref={linkRef ?? null}
      onClick={(event) => {
        onClick?.(event);
        const isPlain = event.button === 0 && !event.ctrlKey && !event.metaKey && !event.shiftKey && !event.altKey;
        if (!isPlain || rest.target || event.defaultPrevented) return;
        event.preventDefault();
        navigate(href);
      }}
    />
  );
}
