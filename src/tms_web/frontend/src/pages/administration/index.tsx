/** The administration: a page of sections, which packages add to; only for administrators. */
import { useEffect, useRef } from "preact/hooks";
import { session } from "tms/api";
import { t } from "tms/i18n";
import { administrationSections, LazyView, Link, type PageProps, type SectionEntry, useTitle } from "tms/module";
import { EmptyState, Icon, SkeletonRows } from "tms/ui";
import { areModulesLoaded } from "../../shell/registry.ts";

export default function AdministrationPage({ params }: PageProps) {
  const sections = administrationSections.value;
  const id = params.section ?? sections[0]?.id;
  const section = sections.find((one) => one.id === id);
  useTitle(section && session.isAdmin.value ? section.label() : t("administration.title"));
  if (!session.isAdmin.value) return <OnlyAdministrators />;
  return (
    <div class="administration">
      <header class="administration__head">
        <h1 tabIndex={-1}>{t("administration.title")}</h1>
        <SectionLinks sections={sections} current={section} />
      </header>
      {section ? (
        <section class="administration__body" aria-label={section.label()}>
          <LazyView key={section.id} part={section} props={{}} />
        </section>
      ) : !areModulesLoaded.value ? (
        <SkeletonRows />
      ) : (
        <EmptyState icon="search" title={t("administration.noSection")} text={t("administration.noSectionText")}>
          <Link class="button button--primary" href="/administration">
            {t("administration.toFirst")}
          </Link>
        </EmptyState>
      )}
    </div>
  );
}

function SectionLinks({ sections, current }: { sections: readonly SectionEntry[]; current: SectionEntry | undefined }) {
  const links = useRef<HTMLElement>(null);
  // On a phone, not all of them are in sight.
  useEffect(() => {
    links.current?.querySelector("[aria-current]")?.scrollIntoView({ block: "nearest", inline: "center" });
  }, [current]);
  return (
    <nav class="administration__sections" aria-label={t("administration.sections")} ref={links}>
      {sections.map((one) => (
        <Link
          key={one.id}
          class="administration__section"
          href={`/administration/${one.id}`}
          {...(one === current && { "aria-current": "page" as const })}
        >
          <Icon name={one.icon} />
          {one.label()}
        </Link>
      ))}
    </nav>
  );
}

function OnlyAdministrators() {
  return (
    <>
      <h1 class="visually-hidden" tabIndex={-1}>
        {t("administration.title")}
      </h1>
      <EmptyState icon="shield" title={t("administration.forbidden")} text={t("administration.forbiddenText")}>
        <Link class="button button--primary" href="/">
          {t("ui.toStart")}
        </Link>
      </EmptyState>
    </>
  );
}
