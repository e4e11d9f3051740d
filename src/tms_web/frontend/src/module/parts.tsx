/** Shows what modules add to a page. */
import type { ComponentType } from "preact";
import { useEffect, useState } from "preact/hooks";
import { ErrorState, SkeletonRows } from "tms/ui";
import { taskBadges } from "./modules.ts";
import type { LazyPart } from "./types.ts";

const loaded = new Map<unknown, ComponentType<never>>();

/** A part whose code is loaded now, with its skeleton and its error. */
export function LazyView<Props extends object>({ part, props }: { part: LazyPart<Props>; props: Props }) {
  const [error, setError] = useState<unknown>(null);
  const [, setLoaded] = useState(0);
  const load = () => {
    setError(null);
    part.load().then(
      ({ default: component }) => {
        loaded.set(part.load, component as ComponentType<never>);
        setLoaded((count) => count + 1);
      },
      (cause: unknown) => setError(cause),
    );
  };
  useEffect(() => {
    if (!loaded.has(part.load)) load();
  }, [part.load]);
  const Found = loaded.get(part.load) as ComponentType<Props> | undefined;
  if (Found) return <Found {...props} />;
  return error === null ? <SkeletonRows count={3} /> : <ErrorState error={error} onRetry={load} />;
}

/** What modules show beside the title of a task. */
export function TaskBadges({ taskId }: { taskId: number }) {
  return (
    <>
      {taskBadges.value.map(({ id, component: Badge }) => (
        <Badge key={id} taskId={taskId} />
      ))}
    </>
  );
}
