import { useEffect, useRef } from "preact/hooks";
import { session } from "tms/api";
import { t } from "tms/i18n";
import { LazyView, Link, type PageProps, profileSections, useTitle } from "tms/module";
import { nameOf } from "tms/store";
import { Avatar, EmptyState, Icon, SkeletonRows } from "tms/ui";
import { areModulesLoaded } from "../../shell/registry.ts";

/** The user's own account and settings: a list of sections, and one of them. On phones, one or the other. */
export default function ProfilePage({ params }: PageProps) {
  const sections = profileSections.value;
  const wanted = params.section;
  // Without a name in the path, wide screens show the first one.
  const section = wanted ? sections.find(({ id }) => id === wanted) : sections[0];
  const content = useRef<HTMLDivElement>(null);
  useTitle(wanted && section ? section.label() : t("profile.title"));
  useReloadedUser();
  useFocusOnChange(content, wanted);
  return (
    <div class={`profile ${wanted ? "profile--open" : ""}`}>
      <div class="profile__head">
        <Link href="/profile" class="profile__back">
          <Icon name="chevronLeft" />
          {t("profile.title")}
        </Link>
        <h1 tabIndex={-1}>{t("profile.title")}</h1>
      </div>
      <nav class="profile__nav" aria-label={t("profile.sections")}>
        <Owner />
        <ul>
          {sections.map(({ id, label, icon }) => (
            <li key={id}>
              <Link
                href={`/profile/${id}`}
                class="profile__entry"
                {...(id === section?.id && { "aria-current": "page" as const })}
              >
                <Icon name={icon} />
                <span>{label()}</span>
                <Icon name="chevronRight" />
              </Link>
            </li>
          ))}
        </ul>
      </nav>
      <div class="profile__content" ref={content}>
        {section ? (
          <LazyView key={section.id} part={section} props={{}} />
        ) : areModulesLoaded.value ? (
          <EmptyState icon="search" title={t("profile.unknown")} text={t("profile.unknownText")} />
        ) : (
          <SkeletonRows count={3} />
        )}
      </div>
    </div>
  );
}

function Owner() {
  const user = session.user.value;
  if (!user) return null;
  return (
    <div class="profile__owner">
      <Avatar user={user} size="large" />
      <div>
        <strong>{nameOf(user)}</strong>
        <span class="muted">@{user.username}</span>
      </div>
    </div>
  );
}

/** The account may have been changed on another device, or its address proved in another tab. */
function useReloadedUser(): void {
  useEffect(() => {
    const reload = () => {
      // Offline, what is known stays.
      if (document.visibilityState === "visible") void session.loadUser().catch(() => {});
    };
    reload();
    document.addEventListener("visibilitychange", reload);
    return () => document.removeEventListener("visibilitychange", reload);
  }, []);
}

/** Moves the focus to the section that the user has chosen, or to the heading of the list. */
function useFocusOnChange(content: { current: HTMLElement | null }, id: string | undefined): void {
  const shown = useRef(id);
  useEffect(() => {
    if (shown.current === id) return;
    shown.current = id;
    globalThis.scrollTo(0, 0);
    const focus = () => {
      const heading = id ? content.current?.querySelector("h2") : document.querySelector(".profile h1");
      (heading as HTMLElement | null)?.focus({ preventScroll: true });
      return heading === document.activeElement;
    };
    if (focus() || !content.current) return;
    // The section's code is still on its way.
    const observer = new MutationObserver(() => focus() && observer.disconnect());
    observer.observe(content.current, { childList: true, subtree: true });
    return () => observer.disconnect();
  }, [id]);
}
