// biome-ignore-all lint/a11y/useSemanticElements: a table of positioned rows; a table element cannot be virtual
// biome-ignore-all lint/a11y/useFocusableInteractive: a table of positioned rows; a table element cannot be virtual
import type { ListedUser } from "tms/api";
import { t } from "tms/i18n";
import { nameOf } from "tms/store";
import { Avatar, Icon, RelativeTime, Skeleton } from "tms/ui";
import { type UserAction, UserMenu } from "./user-menu.tsx";

export interface UserRowProps {
  index: number;
  start: number;
  /** Undefined while it is read. */
  user: ListedUser | undefined;
  onAct: (action: UserAction, user: ListedUser) => void;
}

export function UserRow({ index, start, user, onAct }: UserRowProps) {
  return (
    <div
      class="user-row"
      role="row"
      aria-rowindex={index + 2}
      data-id={user?.id ?? 0}
      data-index={index}
      data-disabled={user ? !user.is_active : undefined}
      style={{ transform: `translateY(${start}px)` }}
    >
      {user ? <Cells user={user} onAct={onAct} /> : <Placeholder />}
    </div>
  );
}

function Cells({ user, onAct }: { user: ListedUser; onAct: UserRowProps["onAct"] }) {
  const name = nameOf(user);
  return (
    <>
      <div class="user-row__name" role="rowheader">
        <Avatar user={user} />
        <div class="user-row__names">
          <button type="button" class="user-row__open truncate" onClick={() => onAct("edit", user)}>
            {name}
          </button>
          {name !== user.username && <span class="truncate muted">{user.username}</span>}
        </div>
      </div>
      <div class="user-row__email" role="cell">
        <span class="truncate" title={user.email}>
          {user.email}
        </span>
        {!user.email_verified && <span class="muted">{t("administration.users.unverified")}</span>}
      </div>
      <div class="user-row__state" role="cell">
        {user.is_active ? (
          <span class={user.is_admin ? "visually-hidden" : "muted"}>{t("administration.users.active")}</span>
        ) : (
          <span class="tag tag--warning">{t("administration.users.disabled")}</span>
        )}
        {user.is_admin && (
          <span class="tag tag--accent">
            <Icon name="shield" />
            {t("administration.users.administrator")}
          </span>
        )}
      </div>
      <div class="user-row__used muted" role="cell">
        {user.last_used_at ? (
          <RelativeTime at={user.last_used_at} />
        ) : (
          <span title={t("administration.users.neverText")}>{t("administration.users.never")}</span>
        )}
      </div>
      <div class="user-row__menu" role="cell">
        <UserMenu user={user} onAct={onAct} />
      </div>
    </>
  );
}

function Placeholder() {
  return (
    <>
      <div class="user-row__name" role="rowheader">
        <span class="skeleton skeleton--dot" />
        <Skeleton width="long" />
        <span class="visually-hidden">{t("ui.loading")}</span>
      </div>
      <div role="cell">
        <Skeleton width="medium" />
      </div>
    </>
  );
}
