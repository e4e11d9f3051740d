/** The page of the current path, loaded when it is wanted. */
import { effect, untracked } from "@preact/signals";
import type { ComponentType } from "preact";
import { useEffect, useState } from "preact/hooks";
import { session } from "tms/api";
import {
  location,
  navigate,
  navigation,
  type PageEntry,
  type PageProps,
  pages,
  returnPath,
  setPageTitle,
} from "tms/module";
import { startView } from "tms/store";
import { ErrorState, SkeletonRows } from "tms/ui";
import { GUEST_PATHS } from "../pages/index.ts";
import { ErrorBoundary } from "./error-boundary.tsx";
import { focusHeading } from "./focus.ts";
import { NotFound } from "./not-found.tsx";
import { areModulesLoaded } from "./registry.ts";
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
    const start = (state === "in" && startView()?.path) || navigation.value[0]?.path;
    const areAllKnown = areModulesLoaded.value;
    untracked(() => {
      if (state === "in" && GUEST_PATHS.has(path)) navigate(returnPath(query) ?? "/", { replace: true });
      else if (state === "in" && path === "/" && !match && start) navigate(start, { replace: true });
      else if (state === "out" && !match?.page.isOpen && (match || path === "/" || areAllKnown)) {
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
    if (Found) focusHeading();
  }, [Found]);
  // After an update of the server, old files are gone: reloading gets the new ones.
  if (error !== null) return <ErrorState error={error} onRetry={() => globalThis.location.reload()} />;
  return Found ? <Found params={params} query={location.value.query} /> : <SkeletonRows />;
}
