import { useState } from "preact/hooks";
import { t } from "tms/i18n";
import { activeShortcuts } from "tms/module";
import { Dialog, Kbd } from "tms/ui";
import { closeDialog } from "./dialogs.ts";

/** The shortcuts that work now. */
export function ShortcutSheet() {
  const [shortcuts] = useState(() => {
    const known = new Set<string>();
    // A later one with the same keys hides the earlier.
    return activeShortcuts().filter(({ keys }) => !known.has(keys) && known.add(keys));
  });
  return (
    <Dialog title={t("ui.shortcuts")} onClose={closeDialog} isWide>
      <dl class="shortcuts" tabIndex={-1} autofocus>
        {shortcuts.map(({ keys, label }) => (
          <div class="shortcuts__row" key={keys}>
            <dt>{label}</dt>
            <dd>
              <Kbd keys={keys} />
            </dd>
          </div>
        ))}
      </dl>
    </Dialog>
  );
}
