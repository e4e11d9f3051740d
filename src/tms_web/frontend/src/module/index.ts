/** What pages and modules of other packages are made of. */
export { type Config, config } from "./config.ts";
export { isBeginning, type Pressed, stepsOf } from "./keys.ts";
export { Link, type LinkProps } from "./link.tsx";
export { type Location, location, navigate, returnPath, urlOf } from "./location.ts";
export { announce, announcement, setPageTitle, useTitle } from "./page.ts";
export { activeShortcuts, type Shortcut, useShortcuts } from "./shortcuts.ts";
export type { Command, NavigationEntry, PageEntry, PageProps, WebModule } from "./types.ts";
