import type { ComponentType } from "preact";
import type { Messages } from "tms/i18n";
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
}

export interface PageEntry {
  /** As "/tasks/:id". */
  path: string;
  title: () => string;
  /** Entries with the same function are one page: it stays mounted when the path changes between them. */
  load: () => Promise<{ default: ComponentType<PageProps> }>;
  /** Whether it is shown without sign-in. */
  isOpen?: boolean;
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
}

/** An entry of the command palette. */
export interface Command {
  id: string;
  label: () => string;
  keys?: string;
  run: () => void;
  isAvailable?: () => boolean;
}
