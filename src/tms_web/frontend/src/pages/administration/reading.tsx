/** What sections that read from the server have in common: skeleton, error, and how current the data are. */
import type { ComponentChildren } from "preact";
import { errorText } from "tms/api";
import { t } from "tms/i18n";
import type { Resource } from "tms/module";
import { Button, ErrorState, Notice, RelativeTime, SkeletonRows } from "tms/ui";

export interface ReadingProps<T> {
  resource: Resource<T>;
  children: (data: T) => ComponentChildren;
}

/** The data; after a failed attempt to read them again, a notice says how old they are. */
export function Reading<T>({ resource, children }: ReadingProps<T>) {
  const { data, error, reload } = resource;
  if (data === undefined)
    return error === null ? <SkeletonRows count={10} /> : <ErrorState error={error} onRetry={() => void reload()} />;
  return (
    <>
      {error !== null && <Stale resource={resource} />}
      {children(data)}
    </>
  );
}

function Stale<T>({ resource: { error, readAt, reload } }: { resource: Resource<T> }) {
  return (
    <Notice tone="warning">
      <span class="row">
        <span>
          {t("administration.stale")} {readAt !== null && <RelativeTime at={new Date(readAt).toISOString()} />}.{" "}
          {errorText(error)}
        </span>
        <Button size="small" icon="refresh" onClick={() => void reload()}>
          {t("ui.retry")}
        </Button>
      </span>
    </Notice>
  );
}

/** When the data were read, and a button that reads them again. */
export function Freshness<T>({ resource, action }: { resource: Resource<T>; action?: string }) {
  return (
    <div class="row muted administration__end">
      {resource.readAt !== null && (
        <span>
          {t("administration.asOf")} <RelativeTime at={new Date(resource.readAt).toISOString()} />
        </span>
      )}
      <Button size="small" icon="refresh" isBusy={resource.isLoading} onClick={() => void resource.reload()}>
        {action ?? t("administration.refresh")}
      </Button>
    </div>
  );
}
