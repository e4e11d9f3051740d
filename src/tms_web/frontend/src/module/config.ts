/** What the server has written into the page (`#tms-config`). */
export interface Config {
  /** The path under which a proxy serves TMS, usually empty. */
  base: string;
  /** URLs of the modules of other packages. */
  modules: readonly string[];
  registration: "open" | "closed";
  /** Whether forgotten passwords can be reset by mail. */
  passwordReset: boolean;
  /** The time zone of the deployment. */
  timezone: string;
  /** What personal API tokens can be allowed. */
  scopes: readonly string[];
  /** Origins whose images descriptions may show. */
  images: readonly string[];
  /** Missing where realtime is not installed. */
  realtimeUrl?: string;
}

const DEFAULTS: Config = {
  base: "",
  modules: [],
  registration: "closed",
  passwordReset: false,
  timezone: "UTC",
  scopes: [],
  images: [],
};

export const config: Config = {
  ...DEFAULTS,
  ...JSON.parse(globalThis.document?.getElementById("tms-config")?.textContent ?? "{}"),
};
