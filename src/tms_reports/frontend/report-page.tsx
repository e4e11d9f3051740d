/** The reports: the filters of the task list, and sections of numbers and charts that follow changes. */
import { useEffect, useRef } from "preact/hooks";
import { t } from "tms/i18n";
import { LazyView, Link, type PageProps, useShortcuts, useTitle } from "tms/module";
import { FilterBar, SearchBox, TasksFrame, useTaskView } from "tms/tasks";
import { IconButton } from "tms/ui";
import { NoPage } from "./no-page.tsx";
import Overview from "./sections/overview.tsx";
import { SECTIONS } from "./sections.ts";

export default function ReportPage(props: PageProps) {
  const id = props.params.section ?? "";
  const section = SECTIONS.find((one) => one.id === id);
  useTitle(id && section ? `${nameOf(id)} · ${t("reports.title")}` : t("reports.title"));
  const { view, search, goTo, clearFilters } = useTaskView(addressOf(id), props);
  const searchInput = useRef<HTMLInputElement>(null);
  useShortcuts([{ keys: "/", label: t("tasks.key.search"), run: () => searchInput.current?.focus() }]);
  return (
    <TasksFrame
      name="reports"
      heading={t("reports.title")}
      tools={
        <SearchBox
          input={searchInput}
          text={view.q}
          onSearch={(q) => goTo({ ...view, q }, { replace: view.q !== "" && q !== "" })}
        />
      }
      openId={null}
      onClosePanel={() => {}}
    >
      <FilterBar view={view} onChange={goTo} onClear={clearFilters} />
      <SectionLinks current={id} search={search} />
      <div class="report">
        {id === "" ? (
          <Overview {...{ view, query: props.query, goTo, clearFilters }} />
        ) : section ? (
          <LazyView key={id} part={section} props={{ view, query: props.query, goTo, clearFilters }} />
        ) : (
          <NoPage title={t("reports.noSection")} />
        )}
      </div>
    </TasksFrame>
  );
}

function SectionLinks({ current, search }: { current: string; search: string }) {
  const links = useRef<HTMLElement>(null);
  // On a phone, not all of them are in sight.
  useEffect(() => {
    links.current?.querySelector("[aria-current]")?.scrollIntoView({ block: "nearest", inline: "center" });
  }, [current]);
  return (
    <div class="report__head">
      <nav class="tabs report__sections" aria-label={t("reports.sections")} ref={links}>
        {["", ...SECTIONS.map(({ id }) => id)].map((id) => (
          <Link
            key={id}
            class="tabs__tab report__section"
            href={`${addressOf(id)}${search}`}
            {...(id === current && { "aria-current": "page" as const })}
          >
            {nameOf(id)}
          </Link>
        ))}
      </nav>
      <IconButton class="report__print" icon="print" label={t("reports.print")} size="small" onClick={() => print()} />
    </div>
  );
}

function addressOf(id: string): string {
  return id ? `/reports/${id}` : "/reports";
}

function nameOf(id: string): string {
  return t(`reports.section.${id || "overview"}`);
}
