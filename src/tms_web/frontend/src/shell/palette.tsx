import { t } from "tms/i18n";
import { Dialog, Kbd, ListboxInput, ListboxOptions, useListbox } from "tms/ui";
import { availableCommands } from "./actions.ts";
import { closeDialog } from "./dialogs.ts";

/** The command palette: type a part of a command's name, choose with the arrow keys and Enter. */
export function Palette() {
  const listbox = useListbox({
    options: availableCommands().map((command) => ({ value: command.id, label: command.label(), command })),
    isCyclic: true,
    onPick: ({ command }) => {
      closeDialog();
      // The dialog gives the focus back first; the command may move it.
      setTimeout(command.run);
    },
  });
  return (
    <Dialog title={t("ui.palette")} onClose={closeDialog}>
      <ListboxInput listbox={listbox} label={t("ui.palettePlaceholder")} placeholder={t("ui.palettePlaceholder")} />
      <ListboxOptions listbox={listbox} label={t("ui.palette")} class="palette__list">
        {({ label, command }) => (
          <>
            <span class="option__label">{label}</span>
            {command.keys && <Kbd keys={command.keys} />}
          </>
        )}
      </ListboxOptions>
    </Dialog>
  );
}
