/** The page of the current path, loaded when it is wanted. */
import { effect, untracked } from "@preact/signals";
import type { ComponentType } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { session } from "tms/api";
import { location, navigate, type PageEntry, type PageProps, returnPath, setPageTitle } from "tms/module";
import { ErrorState, SkeletonRows } from "tms/ui";
import { GUEST_PATHS } from "../pages/index.ts";
import { ErrorBoundary } from "./error-boundary.tsx";
import { NotFound } from "./not-found.tsx";
import { areModulesLoaded, navigation, pages } from "./registry.ts";
import { findPage } from "./routes.ts";
import { restore, startError } from "./start.ts";

type Page = ComponentType<PageProps>;
const loaded = new Map<PageEntry["load"], Page>();

/** Sends the user to where the state of the session allows. */
export function followLocation(): void {
  effect(() => {
    const { path, query } = location.value;
    const state = session.state.value;
    const match = findPage(pages.value, path);
    const start = navigation.value[0]?.path;
    untracked(() => {
      if (state === "in" && GUEST_PATHS.has(path)) navigate(returnPath(query) ?? "/", { replace: true });
      else if (state === "in" && path === "/" && !match && start) navigate(start, { replace: true });
      else if (state === "out" && !match?.page.isOpen && (match || path === "/" || areModulesLoaded.peek())) {
        const wanted = path + globalThis.location.search;
        navigate(path === "/" ? "/sign-in" : `/sign-in?return=${encodeURIComponent(wanted)}`, { replace: true });
      }
    });
  });
}

export function PageView() {
  const { path } = location.value;
  const match = findPage(pages.value, path);
  if (session.state.value === "unknown") {
    if (startError.value !== null) return <ErrorState error={startError.value} onRetry={() => void restore()} />;
    return <SkeletonRows />;
  }
  if (session.state.value === "out" && !match?.page.isOpen) return null;
  if (!match) return areModulesLoaded.value && path !== "/" ? <NotFound /> : <SkeletonRows />;
  return (
    <ErrorBoundary place={path}>
      <LoadedPage page={match.page} params={match.params} />
    </ErrorBoundary>
  );
}

function LoadedPage({ page, params }: { page: PageEntry; params: Record<string, string> }) {
  const [error, setError] = useState<unknown>(null);
  const [, setCount] = useState(0);
  const isFirst = useRef(true);
  const Found = loaded.get(page.load);
  const title = page.title();
  useEffect(() => setPageTitle(title), [title]);
  useEffect(() => {
    setError(null);
    if (loaded.has(page.load)) return;
    let isCurrent = true;
    page.load().then(
      ({ default: component }) => {
        loaded.set(page.load, component);
        if (isCurrent) setCount((count) => count + 1);
      },
      (cause) => isCurrent && setError(cause),
    );
    return () => {
      isCurrent = false;
    };
  }, [page.load]);
  useEffect(() => {
    if (!Found) return;
    // The first page leaves the focus to the browser.
    if (!isFirst.current || wasNavigated) focusHeading();
    isFirst.current = false;
  }, [Found]);
  // After an update of the server, old files are gone: reloading gets the new ones.
  if (error !== null) return <ErrorState error={error} onRetry={() => globalThis.location.reload()} />;
  return Found ? <Found params={params} query={location.value.query} /> : <SkeletonRows />;
}

let wasNavigated = false;
effect(() => {
  location.value;
  wasNavigated ||= session.state.value !== "unknown";
});

/** Focuses the heading of a new page, so that it is read out; a field that the page has focused stays so. */
function focusHeading(): void {
  const main = document.getElementById("main");
  if (!main || (main !== document.activeElement && main.contains(document.activeElement))) return;
  const heading = main.querySelector<HTMLElement>("h1") ?? main;
  if (!heading.hasAttribute("tabindex")) heading.tabIndex = -1;
  heading.focus({ preventScroll: true });
  globalThis.scrollTo(0, 0);
}
