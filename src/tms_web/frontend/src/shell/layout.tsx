/** Landmarks, navigation (at the bottom on phones), and what is shown above every page. */
import { session } from "tms/api";
import { t } from "tms/i18n";
import {
  announcement,
  headerItems,
  Link,
  location,
  type NavigationEntry,
  navigate,
  navigation,
  type Shortcut,
  useShortcuts,
} from "tms/module";
import { ConfirmRegion, Icon, IconButton, Kbd, Menu, ToastRegion } from "tms/ui";
import { availableCommands } from "./actions.ts";
import { ConnectionBanner } from "./connection-banner.tsx";
import { dialog, openDialog } from "./dialogs.ts";
import { PageView } from "./page-view.tsx";
import { Palette } from "./palette.tsx";
import { ShortcutSheet } from "./shortcut-sheet.tsx";
import { UserMenu } from "./user-menu.tsx";

export function Layout() {
  const { value: state } = session.state;
  const isIn = state === "in";
  // So that nothing moves once the session is restored.
  const hasNavigation = isIn || (state === "unknown" && session.wasIn());
  useShortcuts(shortcuts(isIn));
  return (
    <div class={`shell ${hasNavigation ? "" : "shell--guest"}`}>
      <a class="button button--primary shell__skip" href="#main">
        {t("ui.skip")}
      </a>
      <header class="shell__header">
        <Link href="/" class="shell__brand" aria-label={t("ui.home")}>
          <span class="shell__logo">
            <Icon name="check" />
          </span>
          <span aria-hidden="true">TMS</span>
        </Link>
        {isIn && (
          <button type="button" class="button button--secondary shell__search" onClick={() => openDialog("palette")}>
            <Icon name="command" />
            <span class="shell__search-text">{t("ui.palette")}</span>
            <Kbd keys="mod+k" />
          </button>
        )}
        {isIn && (
          <IconButton
            icon="keyboard"
            label={t("ui.shortcuts")}
            keys="?"
            class="shell__keys"
            onClick={() => openDialog("shortcuts")}
          />
        )}
        {isIn && headerItems.value.map(({ id, component: Item }) => <Item key={id} />)}
        <UserMenu />
      </header>
      <ConnectionBanner />
      {hasNavigation && <Navigation />}
      <main id="main" class="shell__main" tabIndex={-1}>
        <PageView />
      </main>
      <div class="visually-hidden" role="status" aria-live="polite">
        {announcement.value}
      </div>
      {dialog.value === "palette" && <Palette />}
      {dialog.value === "shortcuts" && <ShortcutSheet />}
      <ConfirmRegion />
      <ToastRegion />
    </div>
  );
}

/** As many as have room at the bottom of a phone; the others are in a menu there. */
const PHONE_ENTRIES = 5;

function Navigation() {
  const { path } = location.value;
  const entries = navigation.value;
  const others = entries.length > PHONE_ENTRIES ? entries.slice(PHONE_ENTRIES - 1) : [];
  const isWithin = (entry: NavigationEntry) => path === entry.path || path.startsWith(`${entry.path}/`);
  return (
    <nav class="shell__nav" aria-label={t("ui.navigation")}>
      <ul>
        {entries.map((entry) => (
          <li key={entry.path} class={others.includes(entry) ? "shell__other" : undefined}>
            <Link
              href={entry.path}
              class="shell__entry"
              {...(isWithin(entry) && { "aria-current": path === entry.path ? "page" : "true" })}
            >
              <Icon name={entry.icon} />
              <span class="truncate">{entry.label()}</span>
            </Link>
          </li>
        ))}
        {others.length > 0 && (
          <li class="shell__more">
            <Menu
              label={t("ui.more")}
              placement="top-end"
              items={others.map(({ path, label, icon }) => ({
                id: path,
                label: label(),
                icon,
                run: () => navigate(path),
              }))}
              trigger={({ buttonRef, ...props }) => (
                <button
                  {...props}
                  type="button"
                  class="shell__entry"
                  ref={buttonRef}
                  {...(others.some(isWithin) && { "aria-current": "true" })}
                >
                  <Icon name="more" />
                  <span class="truncate">{t("ui.more")}</span>
                </button>
              )}
            />
          </li>
        )}
      </ul>
    </nav>
  );
}

function shortcuts(isIn: boolean): Shortcut[] {
  const own = availableCommands().flatMap(({ keys, label, run }) => (keys ? [{ keys, label: label(), run }] : []));
  // Without a session there is nothing to go to.
  if (!isIn) return own.filter(({ keys }) => keys === "?");
  const palette = { keys: "mod+k", label: t("ui.palette"), run: () => openDialog("palette"), isWhileTyping: true };
  return [palette, ...own];
}
