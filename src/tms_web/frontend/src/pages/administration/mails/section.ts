/** The section of mails, where a package sends some. */
import { signal } from "@preact/signals";
import { api } from "tms/api";
import { t } from "tms/i18n";
import type { SectionEntry } from "tms/module";

const PACKAGE = "tms_notifications";
const isInstalled = signal(false);
/** Whether it is known if there is such a package. */
export const isKnown = signal(false);

export const mailsSection: SectionEntry = {
  id: "mails",
  order: 40,
  icon: "mail",
  label: () => t("mails.title"),
  load: () => import("./index.tsx"),
  isAvailable: () => isInstalled.value,
};

/** Asks which packages are installed, once; an error leaves the section out until the administration is opened again. */
export async function findMails(): Promise<void> {
  if (isInstalled.peek()) return;
  try {
    const { packages } = await api.get<{ packages: { name: string }[] }>("/api/admin/system", {}, { tries: 1 });
    isInstalled.value = packages.some(({ name }) => name === PACKAGE);
  } catch {
    // The other sections say what is wrong.
  } finally {
    isKnown.value = true;
  }
}
