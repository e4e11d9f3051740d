/** A list of tasks as a table with its states: loading, failed, empty, and more to load. */
import type { ComponentChildren } from "preact";
import { errorText, type Task } from "tms/api";
import { formatDateTime, formatNumber, t } from "tms/i18n";
import { Link, type Page, usePages } from "tms/module";
import { Button, EmptyState, ErrorState, IconButton, Notice, PriorityMark, SkeletonRows, StatusMark } from "tms/ui";
import { parametersText } from "../parameters.ts";
import { inTurn } from "../turns.ts";

export interface Row {
  task: Task;
}

export interface Column<T> {
  head: string;
  cell: (row: T) => ComponentChildren;
  isNumber?: boolean;
}

export interface ListCardProps<T> {
  path: string;
  query: URLSearchParams;
  title: string;
  /** The section of the reports with the number. */
  section: "trend" | "flow";
  /** Beside the title of the task. */
  columns: readonly Column<T>[];
}

interface List<T> extends Page<T> {
  count: number;
  generated_at: string;
}

export function ListCard<T extends Row>({ path, query, title, section, columns }: ListCardProps<T>) {
  const list = usePages<List<T>>(path, paramsOf(query), { by: "page", run: inTurn });
  const { data, error, isLoading } = list.resource;
  const rows = list.items;
  return (
    <section class="card report__chart report__card" aria-labelledby="report-list">
      <header class="report__card-head">
        <h2 id="report-list">{title}</h2>
        <Link href={`/reports/${section}`}>{t(`reports.section.${section}`)}</Link>
        <p class="muted report__hint">{parametersText(valuesOf(query))}</p>
      </header>
      {data ? (
        <div aria-busy={isLoading}>
          {error !== null && <Notice tone="warning">{t("reports.notRefreshed", { reason: errorText(error) })}</Notice>}
          {rows.length ? (
            <div class="report__scroll">
              <table class="report__plain report__list" aria-labelledby="report-list">
                <thead>
                  <tr>
                    <th scope="col">{t("tasks.field.title")}</th>
                    {columns.map(({ head, isNumber }) => (
                      <th key={head} scope="col" class={isNumber ? "number" : undefined}>
                        {head}
                      </th>
                    ))}
                  </tr>
                </thead>
                <tbody>
                  {rows.map((row, index) => (
                    <tr key={index}>
                      <th scope="row">
                        <span class="report__label">
                          <StatusMark status={row.task.status} />
                          <PriorityMark priority={row.task.priority} />
                          <Link href={`/tasks/${row.task.id}`}>{row.task.title}</Link>
                        </span>
                      </th>
                      {columns.map(({ head, cell, isNumber }) => (
                        <td key={head} class={isNumber ? "number" : undefined} data-head={head}>
                          {cell(row)}
                        </td>
                      ))}
                    </tr>
                  ))}
                </tbody>
              </table>
            </div>
          ) : (
            <EmptyState icon="search" title={t("reports.list.none")} text={t("reports.list.noneText")} />
          )}
          {list.hasMore && (
            <p class="report__more">
              <Button isBusy={list.isLoadingMore} onClick={() => void list.loadMore()}>
                {t("reports.more")}
              </Button>
            </p>
          )}
          <footer class="report__footer muted">
            <span>
              <span role="status">
                {t("reports.list.shown", { shown: formatNumber(rows.length), count: formatNumber(data.count) })}
              </span>{" "}
              <time dateTime={data.generated_at}>
                {t("reports.list.asOf", { time: formatDateTime(data.generated_at) })}
              </time>
            </span>
            <IconButton
              icon="refresh"
              label={t("reports.reload")}
              size="small"
              isBusy={isLoading}
              onClick={() => void list.reload()}
            />
          </footer>
        </div>
      ) : error === null ? (
        <SkeletonRows />
      ) : (
        <ErrorState error={error} onRetry={() => void list.reload()} />
      )}
    </section>
  );
}

/** An instant to the minute, in the user's time zone. */
export function Instant({ at }: { at: string }) {
  return <time dateTime={at}>{formatDateTime(at)}</time>;
}

/** The address has the parameters of the API. */
function paramsOf(query: URLSearchParams): Record<string, string> {
  return Object.fromEntries([...query].filter(([name]) => name !== "page"));
}

const LISTS = ["status", "priority", "assigned_to", "created_by", "due_date"];

/** The parameters as those of a job, for a text to read. */
function valuesOf(query: URLSearchParams): Record<string, unknown> {
  return Object.fromEntries([...query].map(([name, value]) => [name, LISTS.includes(name) ? value.split(",") : value]));
}
