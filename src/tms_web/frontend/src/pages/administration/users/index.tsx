/** The users: found by search and state, in a list of any length; created, edited, and their access managed. */
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { api, type ListedUser, type ResetLink } from "tms/api";
import { t } from "tms/i18n";
import { location, navigate, useShortcuts } from "tms/module";
import { nameOf } from "tms/store";
import { SearchBox } from "tms/tasks";
import { Button, EmptyState, ErrorState, SkeletonRows } from "tms/ui";
import { changeRole, createResetLink, deleteUser, mailResetLink, signOutEverywhere } from "./actions.ts";
import { EditUser } from "./edit-user.tsx";
import { LinkDialog } from "./link-dialog.tsx";
import { NewUser } from "./new-user.tsx";
import { pathOf, readQuery, SHOWN, toParams, type UserQuery } from "./query.ts";
import type { UserAction } from "./user-menu.tsx";
import { UserPages } from "./user-pages.ts";
import { type TableHandle, UserTable } from "./user-table.tsx";

type Open = { kind: "new" } | { kind: "edit"; user: ListedUser } | { kind: "link"; link: ResetLink; name: string };

export default function UsersSection() {
  const address = location.value.query;
  const query = readQuery(address);
  const pages = useUserPages(query);
  const list = useRef(pages);
  list.current = pages;
  const [open, setOpen] = useState<Open | null>(null);
  const table = useRef<TableHandle>(null);
  const search = useRef<HTMLInputElement>(null);
  const close = () => setOpen(null);
  const goTo = (next: Partial<UserQuery>, options?: { replace?: boolean }) =>
    navigate(pathOf({ ...query, ...next }), options);
  // The command of the palette comes by the address.
  const isNew = address.has("new");
  useEffect(() => {
    if (!isNew) return;
    setOpen({ kind: "new" });
    goTo({}, { replace: true });
  }, [isNew]);
  useShortcuts([
    { keys: "c", label: t("administration.users.new"), run: () => setOpen({ kind: "new" }) },
    { keys: "/", label: t("administration.users.search"), run: () => search.current?.focus() },
    { keys: "j", label: t("administration.users.next"), run: () => table.current?.move(1) },
    { keys: "k", label: t("administration.users.previous"), run: () => table.current?.move(-1) },
  ]);

  const showLink = (link: ResetLink, name: string) => setOpen({ kind: "link", link, name });
  const remove = async (user: ListedUser) => {
    if (!(await deleteUser(user))) return;
    await table.current?.refresh();
    table.current?.move(0);
  };
  const act = (action: UserAction, user: ListedUser) => {
    const acts: Record<UserAction, () => void> = {
      edit: () => setOpen({ kind: "edit", user }),
      mailLink: () => void mailResetLink(user),
      createLink: () => void createResetLink(user).then((link) => link && showLink(link, nameOf(user))),
      signOut: () => void signOutEverywhere(list, user),
      promote: () => void changeRole(list, user, { is_admin: true }),
      demote: () => void changeRole(list, user, { is_admin: false }),
      disable: () => void changeRole(list, user, { is_active: false }),
      enable: () => void changeRole(list, user, { is_active: true }),
      delete: () => void remove(user),
    };
    acts[action]();
  };
  return (
    <div class="users">
      <div class="users__tools administration__tools">
        <SearchBox
          input={search}
          text={query.q}
          label={t("administration.users.search")}
          onSearch={(q) => goTo({ q }, { replace: query.q !== "" && q !== "" })}
        />
        <fieldset class="row users__filters">
          <legend class="visually-hidden">{t("administration.users.show")}</legend>
          {SHOWN.map((show) => (
            <button
              key={show}
              type="button"
              class="chip"
              aria-pressed={show === query.show}
              onClick={() => goTo({ show })}
            >
              {t(`administration.users.show.${show}`)}
            </button>
          ))}
        </fieldset>
        <Button class="administration__end" variant="primary" icon="plus" onClick={() => setOpen({ kind: "new" })}>
          <span class="users__new-text">{t("administration.users.new")}</span>
        </Button>
      </div>
      <Found pages={pages} query={query} table={table} onAct={act} onClear={() => goTo({ q: "", show: "all" })} />
      {open?.kind === "new" && (
        <NewUser onClose={close} onCreated={() => void table.current?.refresh()} onLink={showLink} />
      )}
      {open?.kind === "edit" && (
        <EditUser user={open.user} onClose={close} onSaved={(user) => list.current.patch(user.id, user)} />
      )}
      {open?.kind === "link" && <LinkDialog link={open.link} name={open.name} onClose={close} />}
    </div>
  );
}

interface FoundProps {
  pages: UserPages;
  query: UserQuery;
  table: { current: TableHandle | null };
  onAct: (action: UserAction, user: ListedUser) => void;
  onClear: () => void;
}

function Found({ pages, query, table, onAct, onClear }: FoundProps) {
  const count = pages.count.value;
  const error = pages.error.value;
  if (count === null)
    return error === null ? (
      <SkeletonRows count={12} />
    ) : (
      <ErrorState error={error} onRetry={() => void pages.refresh(0, 0)} />
    );
  if (!count)
    return (
      <EmptyState icon="search" title={t("administration.users.none")} text={t("administration.users.noneText")}>
        <Button icon="x" onClick={onClear}>
          {t("administration.users.clear")}
        </Button>
      </EmptyState>
    );
  const isAll = !query.q && query.show === "all";
  return (
    <>
      <p class="users__count muted" role="status">
        {t(isAll ? "administration.users.count" : "administration.users.found", { count })}
        {error !== null && ` · ${t("administration.notCurrent")}`}
      </p>
      <UserTable pages={pages} count={count} onAct={onAct} handle={table} />
    </>
  );
}

/** The pages of a query; those of the query before stay until the first page is there. */
function useUserPages(query: UserQuery): UserPages {
  const key = pathOf(query);
  const next = useMemo(() => new UserPages(api, toParams(query)), [key]);
  const shown = useRef(next);
  useEffect(() => {
    void next.ensure(0, 0);
    return () => next.close();
  }, [next]);
  if (next.count.value !== null || next.error.value !== null || shown.current.count.value === null)
    shown.current = next;
  return shown.current;
}
