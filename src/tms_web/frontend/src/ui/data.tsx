import type { ComponentChildren } from "preact";
import { errorText, type Priority, type PublicUser, type Status } from "tms/api";
import { t } from "tms/i18n";
import { nameOf } from "tms/store";
import { Button } from "./button.tsx";
import { Icon, type IconName } from "./icon.tsx";

export interface ChipProps {
  children: ComponentChildren;
  mark?: ComponentChildren;
  /** Shows a button that takes the chip away; `removeLabel` is its name. */
  onRemove?: () => void;
  removeLabel?: string;
}

export function Chip({ children, mark, onRemove, removeLabel }: ChipProps) {
  return (
    <span class="chip">
      {mark}
      <span class="truncate">{children}</span>
      {onRemove && (
        <button type="button" class="chip__remove" aria-label={removeLabel ?? t("ui.remove")} onClick={onRemove}>
          <Icon name="x" />
        </button>
      )}
    </span>
  );
}

/** Initials of a user; the name itself is beside it, or `isNamed` adds it for screen readers and on hover. */
export function Avatar({
  user,
  isNamed,
  size,
}: {
  user: PublicUser | undefined | null;
  isNamed?: boolean;
  size?: "large";
}) {
  const classes = ["avatar", size && `avatar--${size}`, !user && "avatar--none"].filter(Boolean).join(" ");
  const name = user ? nameOf(user) : t("task.unassigned");
  const label = isNamed ? { role: "img" as const, "aria-label": name, title: name } : { "aria-hidden": true };
  return (
    // The initials are no text: they must not be part of what a button with a name seems to say.
    <span
      class={classes}
      data-hue={user ? user.id % 8 : undefined}
      data-initials={user ? initials(user) : undefined}
      {...label}
    >
      {!user && <Icon name="user" />}
    </span>
  );
}

function initials(user: PublicUser): string {
  const words = nameOf(user)
    .split(/[\s._-]+/)
    .filter(Boolean);
  const letters = [words[0], words.length > 1 ? words.at(-1) : undefined].map((word) => [...(word ?? "")][0] ?? "");
  return letters.join("").toLocaleUpperCase();
}

const STATUS_MARKS: Record<Status, ComponentChildren> = {
  PENDING: <circle cx="8" cy="8" r="5.5" stroke-dasharray="2.6 1.72" />,
  IN_PROGRESS: (
    <>
      <circle cx="8" cy="8" r="5.5" />
      <path d="M8 5a3 3 0 0 1 0 6z" fill="currentColor" stroke="none" />
    </>
  ),
  COMPLETED: (
    <>
      <circle cx="8" cy="8" r="6.2" fill="currentColor" stroke="none" />
      <path d="m5.4 8.2 1.8 1.8 3.4-3.7" class="badge__cut" />
    </>
  ),
  ARCHIVED: <path d="M2.5 3.5h11v3h-11zM3.5 6.5v6h9v-6M6.5 9h3" />,
};

const BARS: Record<Exclude<Priority, "URGENT">, number> = { LOW: 1, MEDIUM: 2, HIGH: 3 };

/** The mark of a status, by shape and colour. */
export function StatusMark({ status }: { status: Status }) {
  return (
    <span class={`badge badge--${status}`}>
      <svg class="icon badge__mark" viewBox="0 0 16 16" aria-hidden="true">
        {STATUS_MARKS[status]}
      </svg>
    </span>
  );
}

export function PriorityMark({ priority }: { priority: Priority }) {
  return (
    <span class={`badge badge--${priority}`}>
      <svg class="icon badge__mark" viewBox="0 0 16 16" aria-hidden="true">
        {priority === "URGENT" ? (
          <>
            <rect x="2" y="2" width="12" height="12" rx="3" fill="currentColor" stroke="none" />
            <path d="M8 5v3.5M8 11h.01" class="badge__cut" />
          </>
        ) : (
          [0, 1, 2].map((bar) => (
            <rect
              key={bar}
              x={2.5 + bar * 4}
              y={9.5 - bar * 3.2}
              width="3"
              height={4 + bar * 3.2}
              rx="1"
              fill="currentColor"
              stroke="none"
              opacity={bar < BARS[priority] ? 1 : 0.28}
            />
          ))
        )}
      </svg>
    </span>
  );
}

/** Mark and name of a status or a priority. `isCompact` hides the name from the eye only. */
export function StatusBadge({ status, isCompact }: { status: Status; isCompact?: boolean }) {
  return <Badge mark={<StatusMark status={status} />} text={t(`status.${status}`)} isCompact={isCompact ?? false} />;
}

export function PriorityBadge({ priority, isCompact }: { priority: Priority; isCompact?: boolean }) {
  return (
    <Badge
      mark={<PriorityMark priority={priority} />}
      text={t(`priority.${priority}`)}
      isCompact={isCompact ?? false}
    />
  );
}

function Badge({ mark, text, isCompact }: { mark: ComponentChildren; text: string; isCompact: boolean }) {
  return (
    <span class="badge" title={isCompact ? text : undefined}>
      {mark}
      <span class={isCompact ? "visually-hidden" : ""}>{text}</span>
    </span>
  );
}

/** Rows in place of a list that is loading. */
export function SkeletonRows({ count = 8 }: { count?: number }) {
  return (
    <div role="status" aria-label={t("ui.loading")}>
      {Array.from({ length: count }, (_, row) => (
        <div class="skeleton-row" key={row}>
          <span class="skeleton skeleton--dot" />
          <span class={`skeleton skeleton--${["long", "medium", "long", "short"][row % 4]}`} />
        </div>
      ))}
    </div>
  );
}

export function Skeleton({ width = "medium" }: { width?: "short" | "medium" | "long" }) {
  return <span class={`skeleton skeleton--${width}`} aria-hidden="true" />;
}

export interface EmptyStateProps {
  icon: IconName;
  title: string;
  text?: ComponentChildren;
  /** What one can do now. */
  children?: ComponentChildren;
}

export function EmptyState({ icon, title, text, children }: EmptyStateProps) {
  return (
    <div class="state">
      <span class="state__mark">
        <Icon name={icon} />
      </span>
      <h2>{title}</h2>
      {text && <p>{text}</p>}
      {children && <div class="state__actions row">{children}</div>}
    </div>
  );
}

export function ErrorState({ error, onRetry }: { error: unknown; onRetry?: () => void }) {
  return (
    <div class="state state--error" role="alert">
      <span class="state__mark">
        <Icon name="alert" />
      </span>
      <h2>{t("ui.errorTitle")}</h2>
      <p>{errorText(error)}</p>
      {onRetry && (
        <div class="state__actions">
          <Button icon="refresh" onClick={onRetry}>
            {t("ui.retry")}
          </Button>
        </div>
      )}
    </div>
  );
}

export function Notice({ tone, children }: { tone?: "danger" | "warning" | "success"; children: ComponentChildren }) {
  const icon = tone === "success" ? "check" : tone ? "alert" : "info";
  return (
    <div class={`notice ${tone ? `notice--${tone}` : ""}`} role={tone === "danger" ? "alert" : "status"}>
      <Icon name={icon} />
      <div>{children}</div>
    </div>
  );
}
