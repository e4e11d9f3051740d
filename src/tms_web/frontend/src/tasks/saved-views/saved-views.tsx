/** The saved views of a page beside its heading: opens, saves, changes and deletes them. */
import { useState } from "preact/hooks";
import { errorText, type SavedView, session } from "tms/api";
import { t } from "tms/i18n";
import { location, navigate } from "tms/module";
import { nameOf, pathOfView, savedViews, setStartView, startView, users } from "tms/store";
import { Button, confirm, Menu, type MenuItem, toast } from "tms/ui";
import type { Column } from "../columns.ts";
import { isSameQuery, savedQuery } from "./query.ts";
import { ViewDialog } from "./view-dialog.tsx";

export interface SavedViewsProps {
  /** The path of the page. */
  page: SavedView["page"];
  /** The columns that are saved with a view, where the page has columns. */
  columns?: readonly Column[];
}

type Asked = "new" | "rename" | null;

export function SavedViews({ page, columns }: SavedViewsProps) {
  const [asked, setAsked] = useState<Asked>(null);
  const { query } = location.value;
  const text = savedQuery(page, query);
  const opened = savedViews.get(Number(query.get("saved")));
  const current = opened?.page === page ? opened : undefined;
  const me = session.user.value;
  const mayChange = current !== undefined && (current.owner === me?.id || (me?.is_admin ?? false));
  const content = { query: text, columns: columns ? [...columns] : null };
  const hasSameColumns = !columns || !current?.columns || current.columns.join() === columns.join();
  const isChanged = current !== undefined && (!isSameQuery(page, current.query, text) || !hasSameColumns);

  const act = (work: Promise<unknown>) => work.catch((error: unknown) => toast(errorText(error), { tone: "error" }));
  const remove = async (view: SavedView) => {
    const question = { title: t("tasks.views.deleteTitle", { name: view.name }), action: t("tasks.delete.action") };
    const text = t(view.is_shared ? "tasks.views.deleteShared" : "tasks.views.deletePrivate");
    if (!(await confirm({ ...question, text, isDanger: true }))) return;
    await act(savedViews.remove(view.id));
    if (!savedViews.get(view.id)) navigate(page + (content.query && `?${content.query}`), { replace: true });
  };
  const isStart = current !== undefined && startView()?.id === current.id;
  const items: MenuItem[] = [
    ...savedViews.all.value.map((view) => ({
      id: `view ${view.id}`,
      label: labelOf(view, me?.id),
      checked: view.id === current?.id,
      run: () => navigate(pathOfView(view)),
    })),
    {
      id: "new",
      label: t("tasks.views.new"),
      icon: "plus" as const,
      isSeparated: savedViews.all.value.length > 0,
      run: () => setAsked("new"),
    },
    ...(current && mayChange
      ? [
          ...(isChanged
            ? [
                {
                  id: "update",
                  label: t("tasks.views.update", { name: current.name }),
                  icon: "check" as const,
                  run: () => void act(savedViews.change(current.id, content)),
                },
              ]
            : []),
          { id: "rename", label: t("tasks.views.rename"), icon: "edit" as const, run: () => setAsked("rename") },
        ]
      : []),
    ...(current
      ? [
          {
            id: "start",
            label: t(isStart ? "tasks.views.noStart" : "tasks.views.start"),
            icon: "star" as const,
            run: () => {
              setStartView(isStart ? null : current);
              toast(t(isStart ? "tasks.views.startRemoved" : "tasks.views.startSet", { name: current.name }));
            },
          },
        ]
      : []),
    ...(current && mayChange
      ? [
          {
            id: "delete",
            label: t("tasks.views.delete"),
            icon: "trash" as const,
            isDanger: true,
            isSeparated: true,
            run: () => void remove(current),
          },
        ]
      : []),
  ];
  return (
    <span class="saved-views">
      <Menu
        label={t("tasks.views")}
        items={items}
        trigger={(props) => (
          <Button
            size="small"
            variant="quiet"
            icon="star"
            {...props}
            onClick={() => {
              props.onClick();
              // Others may have shared a view in the meantime.
              void savedViews.load().catch(() => {});
            }}
          >
            <span class={current ? "truncate" : "saved-views__word"}>{current ? current.name : t("tasks.views")}</span>
            {isChanged && <span class="muted">{t("tasks.views.changed")}</span>}
          </Button>
        )}
      />
      {asked && (
        <ViewDialog
          title={t(asked === "new" ? "tasks.views.newTitle" : "tasks.views.rename")}
          name={asked === "rename" && current ? current.name : ""}
          isShared={asked === "rename" && (current?.is_shared ?? false)}
          onSave={async (name, isShared) => {
            if (asked === "rename" && current) await savedViews.change(current.id, { name, is_shared: isShared });
            else {
              const made = await savedViews.create({ ...content, name, page, is_shared: isShared });
              navigate(pathOfView(made), { replace: true });
            }
          }}
          onClose={() => setAsked(null)}
        />
      )}
    </span>
  );
}

/** The name, and whose view it is. */
function labelOf(view: SavedView, me: number | undefined): string {
  if (view.owner === me) return view.is_shared ? t("tasks.views.ownShared", { name: view.name }) : view.name;
  const owner = users.get(view.owner);
  return owner ? t("tasks.views.of", { name: view.name, owner: nameOf(owner) }) : view.name;
}
