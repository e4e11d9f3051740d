/** One task beside the list, or on the whole screen of a phone. */
import { useEffect, useRef, useState } from "preact/hooks";
import { ApiError, session, type Task } from "tms/api";
import { t } from "tms/i18n";
import { LazyView, TaskBadges, taskSections, useShortcuts, useTitle } from "tms/module";
import { onReset, openTask, tasks } from "tms/store";
import { rightsOf } from "tms/tasks";
import {
  Button,
  EmptyState,
  ErrorState,
  IconButton,
  Menu,
  type MenuItem,
  Notice,
  RelativeTime,
  SkeletonRows,
} from "tms/ui";
import { copyLink, duplicate, remove } from "./actions.ts";
import { Conflicts } from "./conflicts.tsx";
import { Description } from "./description.tsx";
import { usePanelFocus } from "./focus.ts";
import { History } from "./history.tsx";
import { userName } from "./names.ts";
import { Properties } from "./properties.tsx";
import { Title } from "./title.tsx";
import { useHistory } from "./use-history.ts";

export interface TaskPanelProps {
  id: number;
  onClose: () => void;
}

export default function TaskPanel(props: TaskPanelProps) {
  // Another task is another panel: what was typed is saved, and the focus moves to the new heading.
  return <Panel key={props.id} {...props} />;
}

function Panel({ id, onClose }: TaskPanelProps) {
  const panel = useRef<HTMLElement>(null);
  const heading = useRef<HTMLHeadingElement>(null);
  const task = tasks.task(id).value;
  const { error, isLoaded, load } = useLoading(id);
  usePanelFocus(id, panel, heading);
  useTitle(task?.title ?? t("taskPanel.heading", { id: String(id) }));
  useEffect(() => {
    openTask.value = id > 0 ? id : null;
    return () => {
      openTask.value = null;
    };
  }, []);
  // Also where the focus is in the list.
  useShortcuts([{ keys: "escape", label: t("taskPanel.close"), run: onClose }]);
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key !== "Escape" || event.defaultPrevented || event.isComposing) return;
    event.preventDefault();
    event.stopPropagation();
    // Leaving the field saves it.
    if ((event.target as HTMLElement).dataset.unsaved === "true") heading.current?.focus();
    else onClose();
  };
  return (
    <aside class="task-panel" ref={panel} aria-labelledby="task-panel-heading" onKeyDown={onKeyDown}>
      <header class="task-panel__head">
        <h2 id="task-panel-heading" class="task-panel__heading" tabIndex={-1} ref={heading}>
          {t("taskPanel.heading", { id: String(id) })}
          {task && <span class="visually-hidden">: {task.title}</span>}
        </h2>
        {task && id > 0 && <TaskBadges taskId={id} />}
        {task && <ActionMenu task={task} onClose={onClose} />}
        <IconButton icon="x" label={t("ui.close")} keys="escape" onClick={onClose} />
      </header>
      <div class="task-panel__body">
        {task ? (
          <Content task={task} onSettled={() => heading.current?.focus()} />
        ) : (
          <Absence id={id} error={error} isLoaded={isLoaded} onRetry={load} onClose={onClose} />
        )}
      </div>
    </aside>
  );
}

function useLoading(id: number) {
  const [error, setError] = useState<unknown>(null);
  const [isLoaded, setLoaded] = useState(false);
  const load = () => {
    // The server does not know a task with a negative id yet.
    if (id < 0) return;
    setError(null);
    tasks
      .load(id)
      .then(() => setLoaded(true))
      .catch((reason: unknown) => {
        const isAbsent = reason instanceof ApiError && (reason.status === 404 || reason.status === 403);
        const known = tasks.entities.confirmed(id);
        if (isAbsent && known) tasks.entities.drop(id, known.version);
        setError(reason);
      });
  };
  useEffect(() => {
    load();
    return onReset(load);
  }, []);
  return { error, isLoaded, load };
}

interface AbsenceProps {
  id: number;
  error: unknown;
  isLoaded: boolean;
  onRetry: () => void;
  onClose: () => void;
}

/** In place of a task that is loading, is not there, or may not be seen. */
function Absence({ id, error, isLoaded, onRetry, onClose }: AbsenceProps) {
  const status = error instanceof ApiError ? error.status : undefined;
  const close = <Button onClick={onClose}>{t("taskPanel.back")}</Button>;
  if (status === 403)
    return (
      <EmptyState icon="shield" title={t("taskPanel.noAccess")} text={t("taskPanel.noAccessText")}>
        {close}
      </EmptyState>
    );
  if (status === 404 || (!error && (isLoaded || tasks.entities.isGone(id))))
    return (
      <EmptyState icon="search" title={t("taskPanel.notFound")} text={t("taskPanel.notFoundText")}>
        {close}
      </EmptyState>
    );
  return error ? <ErrorState error={error} onRetry={onRetry} /> : <SkeletonRows count={6} />;
}

function Content({ task, onSettled }: { task: Task; onSettled: () => void }) {
  const { mayChange } = rightsOf(task, session.user.value);
  const history = useHistory(task.id, task.version);
  const last = history.events?.[0];
  return (
    <>
      <Conflicts id={task.id} onSettled={onSettled} />
      {!mayChange && <Notice>{t("taskPanel.readOnly")}</Notice>}
      <Title task={task} mayChange={mayChange} />
      <Properties task={task} mayChange={mayChange} />
      <Description task={task} mayChange={mayChange} />
      <p class="task-panel__origin muted">
        {t("taskPanel.createdBy", { name: userName(task.created_by) })} <RelativeTime at={task.created_at} />
        <br />
        {typeof last?.actor === "number"
          ? t("taskPanel.updatedBy", { name: userName(last.actor) })
          : t("taskPanel.updated")}{" "}
        <RelativeTime at={task.updated_at} />
      </p>
      {task.id > 0 &&
        taskSections.value.map((part) => <LazyView key={part.id} part={part} props={{ taskId: task.id }} />)}
      {task.id > 0 && <History task={task} history={history} mayChange={mayChange} />}
    </>
  );
}

function ActionMenu({ task, onClose }: { task: Task; onClose: () => void }) {
  const { mayDelete } = rightsOf(task, session.user.value);
  const items: MenuItem[] = [
    { id: "link", icon: "link", label: t("taskPanel.copyLink"), run: () => void copyLink(task.id) },
    { id: "duplicate", icon: "copy", label: t("taskPanel.duplicate"), run: () => void duplicate(task) },
  ];
  const removal: MenuItem = {
    id: "delete",
    icon: "trash",
    label: t("taskPanel.delete"),
    isDanger: true,
    isSeparated: true,
    run: () => {
      onClose();
      void remove(task);
    },
  };
  return (
    <Menu
      label={t("taskPanel.actions")}
      items={mayDelete ? [...items, removal] : items}
      placement="bottom-end"
      trigger={(props) => <IconButton {...props} icon="more" label={t("taskPanel.actions")} />}
    />
  );
}
