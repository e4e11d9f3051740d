import { useEffect, useRef } from "preact/hooks";
import { t } from "tms/i18n";
import { Button } from "tms/ui";

export interface LoadMoreProps {
  hasMore: boolean;
  isLoading: boolean;
  onLoad: () => Promise<void>;
}

/** At the end of a list: loads older entries when it comes into sight, and again when it is pressed. */
export function LoadMore({ hasMore, isLoading, onLoad }: LoadMoreProps) {
  const end = useRef<HTMLDivElement>(null);
  const load = useRef(onLoad);
  load.current = onLoad;
  useEffect(() => {
    if (!hasMore || isLoading || !end.current) return;
    const observer = new IntersectionObserver(
      ([entry]) => {
        if (!entry?.isIntersecting) return;
        // Once: after a failure, the button is left.
        observer.disconnect();
        void load.current();
      },
      { rootMargin: "400px" },
    );
    observer.observe(end.current);
    return () => observer.disconnect();
  }, [hasMore, isLoading]);
  if (!hasMore) return null;
  return (
    <div class="notifications__end" ref={end}>
      <Button isBusy={isLoading} onClick={() => void onLoad()}>
        {t("notifications.older")}
      </Button>
    </div>
  );
}
