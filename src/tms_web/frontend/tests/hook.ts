/** Runs hooks outside of a page. */
import { JSDOM } from "jsdom";
import { h, render } from "preact";
import { act } from "preact/test-utils";

const { document } = new JSDOM("", { pretendToBeVisual: true }).window;

export { act };

export interface Rendered<T> {
  /** What the hook has returned last. */
  readonly current: T;
  unmount: () => Promise<void>;
}

/** Renders a component that does nothing but use a hook. */
export async function renderHook<T>(use: () => T): Promise<Rendered<T>> {
  // Not sooner: modules that are imported would begin to follow the page.
  globalThis.document = document;
  const root = document.createElement("div");
  const rendered = {
    current: undefined as T,
    unmount: () => act(() => render(null, root)),
  };
  const Component = () => {
    rendered.current = use();
    return null;
  };
  await act(() => render(h(Component, {}), root));
  return rendered;
}
