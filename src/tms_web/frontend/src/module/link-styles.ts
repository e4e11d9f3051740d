/** Style sheets that only one page needs: they are linked when the page is loaded. */

const linked = new Map<string, Promise<void>>();

/** Links a style sheet once; resolves when it applies, or cannot be loaded: a page without its styles is better than none. */
export function linkStyles(href: string): Promise<void> {
  let done = linked.get(href);
  if (!done) {
    done = new Promise((resolve) => {
      const link = document.createElement("link");
      link.rel = "stylesheet";
      link.href = href;
      link.addEventListener("load", () => resolve());
      link.addEventListener("error", () => {
        linked.delete(href);
        link.remove();
        resolve();
      });
      document.head.append(link);
    });
    linked.set(href, done);
  }
  return done;
}
