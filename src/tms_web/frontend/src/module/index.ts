/** What pages and modules of other packages are made of. */
export { type Config, config } from "./config.ts";
export { isBeginning, type Pressed, stepsOf } from "./keys.ts";
export { Link, type LinkProps } from "./link.tsx";
export { type Location, location, navigate, returnPath, urlOf } from "./location.ts";
export {
  addModule,
  administrationSections,
  commands,
  headerItems,
  navigation,
  pages,
  profileSections,
  taskBadges,
  taskSections,
} from "./modules.ts";
export { announce, announcement, setPageTitle, useTitle } from "./page.ts";
export { LazyView, TaskBadges } from "./parts.tsx";
export { activeShortcuts, type Shortcut, useShortcuts } from "./shortcuts.ts";
export type {
  Command,
  LazyPart,
  NavigationEntry,
  PageEntry,
  PageProps,
  Part,
  SectionEntry,
  TaskPartProps,
  WebModule,
} from "./types.ts";
export { type Page, type Pages, usePages } from "./use-pages.ts";
export { type Resource, useResource } from "./use-resource.ts";
export { withStyles } from "./with-styles.ts";
