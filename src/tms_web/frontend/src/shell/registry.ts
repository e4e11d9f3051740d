/** The modules of the page: the shell's own, and those of other packages, which are loaded at the start. */
import { signal } from "@preact/signals";
import { addMessages, t } from "tms/i18n";
import { addModule, config, type WebModule } from "tms/module";
import { setFeedSource } from "tms/realtime";
import { toast } from "tms/ui";
import { shellPages } from "../pages/index.ts";

/** Whether a path that nobody has registered is certainly unknown. */
export const areModulesLoaded = signal(!config.modules.length);

addModule(shellPages);

/** Loads the modules of the other packages. One that fails is reported, and the others work. */
export async function loadModules(urls: readonly string[] = config.modules): Promise<void> {
  await Promise.all(
    urls.map(async (url) => {
      try {
        const loaded = (await import(url)) as { default?: WebModule };
        if (!loaded.default?.name) throw new TypeError(`${url} has no module as its default export`);
        register(loaded.default);
      } catch (error) {
        console.warn(error);
        toast(t("ui.moduleFailed", { name: packageOf(url) }), { tone: "error", duration: 15_000 });
      }
    }),
  );
  areModulesLoaded.value = true;
}

function register(module: WebModule): void {
  if (module.messages) addMessages(module.messages);
  if (module.feed) setFeedSource(module.feed);
  addModule(module);
}

/** `tms_reports` of `/assets/tms_reports/index-AB12.js`. */
function packageOf(url: string): string {
  return url.split("/").at(-2) ?? url;
}
