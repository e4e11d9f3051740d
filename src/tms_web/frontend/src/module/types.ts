import type { ComponentType } from "preact";
import type { Messages } from "tms/i18n";
import type { FeedSource } from "tms/realtime";
import type { IconName } from "tms/ui";

/** What a package adds to the UI: the default export of its module. */
export interface WebModule {
  /** Unique, as the package's name. */
  name: string;
  /** Texts by locale; their keys begin with the module's name. */
  messages?: Record<string, Messages>;
  pages?: readonly PageEntry[];
  navigation?: readonly NavigationEntry[];
  commands?: readonly Command[];
  /** At the end of the header. */
  headerItems?: readonly Part[];
  /** Beside the title of a task: in rows, on cards, and in the panel. Nothing is the usual answer of a badge. */
  taskBadges?: readonly Part<TaskPartProps>[];
  /** Below the fields of the task panel. */
  taskSections?: readonly LazyPart<TaskPartProps>[];
  profileSections?: readonly SectionEntry[];
  administrationSections?: readonly SectionEntry[];
  /** Delivers changes of tasks as they happen; at most one module has one. */
  feed?: FeedSource;
}

/** A small component of a package that a page of another package shows. */
export interface Part<Props = object> {
  id: string;
  /** The smallest is first. */
  order: number;
  component: ComponentType<Props>;
}

/** A part whose code is loaded when it is shown. */
export interface LazyPart<Props = object> {
  id: string;
  order: number;
  load: () => Promise<{ default: ComponentType<Props> }>;
}

export interface TaskPartProps {
  taskId: number;
}

/** A section of the profile or of the administration; its id is the end of its path, as in "/profile/mail". */
export interface SectionEntry extends LazyPart {
  label: () => string;
  icon: IconName;
  isAvailable?: () => boolean;
}

export interface PageEntry {
  /** As "/tasks/:id". */
  path: string;
  title: () => string;
  /** Entries with the same function are one page: it stays mounted when the path changes between them. */
  load: () => Promise<{ default: ComponentType<PageProps> }>;
  /** Whether it is shown without sign-in. */
  isOpen?: boolean;
  /** Where the site is opened with this page of the shell: requests its first data while its code loads. */
  prefetch?: (query: URLSearchParams) => Promise<void>;
}

export interface PageProps {
  params: Record<string, string>;
  query: URLSearchParams;
}

export interface NavigationEntry {
  path: string;
  label: () => string;
  icon: IconName;
  /** The smallest is first. */
  order: number;
  /** As "g l". */
  keys?: string;
  isAvailable?: () => boolean;
}

/** An entry of the command palette. */
export interface Command {
  id: string;
  label: () => string;
  keys?: string;
  run: () => void;
  isAvailable?: () => boolean;
}
