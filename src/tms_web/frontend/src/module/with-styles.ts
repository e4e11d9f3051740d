/** Style sheets that only one page needs: they are linked when the page is loaded. */

const linked = new Map<string, Promise<void>>();

/** Resolves to what `load` does, once the style sheet applies or cannot be loaded: a page without its styles is better than
 * none. It is linked once. */
export async function withStyles<T>(href: string, load: Promise<T>): Promise<T> {
  const [found] = await Promise.all([load, link(href)]);
  return found;
}

function link(href: string): Promise<void> {
  let done = linked.get(href);
  if (!done) {
    done = new Promise((resolve) => {
      const element = document.createElement("link");
      element.rel = "stylesheet";
      element.href = href;
      element.addEventListener("load", () => resolve());
      element.addEventListener("error", () => {
        linked.delete(href);
        element.remove();
        resolve();
      });
      document.head.append(element);
    });
    linked.set(href, done);
  }
  return done;
}
