import { useEffect, useId, useRef, useState } from "preact/hooks";
import { t } from "tms/i18n";
import type { Command } from "tms/module";
import { Dialog, filterOptions, Kbd } from "tms/ui";
import { availableCommands } from "./actions.ts";
import { closeDialog } from "./dialogs.ts";

/** The command palette: type a part of a command's name, choose with the arrow keys and Enter. */
export function Palette() {
  const id = useId();
  const list = useRef<HTMLDivElement>(null);
  const input = useRef<HTMLInputElement>(null);
  const [text, setText] = useState("");
  const [active, setActive] = useState(0);
  const options = availableCommands().map((command) => ({ value: command, label: command.label() }));
  const found = filterOptions(options, text);
  useEffect(() => input.current?.focus(), []);
  useEffect(() => {
    list.current?.querySelector("[data-active=true]")?.scrollIntoView({ block: "nearest" });
  }, [active]);

  const run = (command: Command | undefined) => {
    if (!command) return;
    closeDialog();
    // The dialog gives the focus back first; the command may move it.
    setTimeout(command.run);
  };
  const onKeyDown = (event: KeyboardEvent) => {
    const last = found.length - 1;
    if (event.key === "ArrowDown") setActive(active >= last ? 0 : active + 1);
    else if (event.key === "ArrowUp") setActive(active <= 0 ? last : active - 1);
    else if (event.key === "Enter" && !event.isComposing) run(found[active]?.value);
    else return;
    event.preventDefault();
  };
  return (
    <Dialog title={t("ui.palette")} onClose={closeDialog}>
      <input
        class="input"
        ref={input}
        type="text"
        role="combobox"
        aria-label={t("ui.palettePlaceholder")}
        aria-expanded="true"
        aria-controls={id}
        aria-autocomplete="list"
        aria-activedescendant={found[active] ? `${id}-${active}` : undefined}
        placeholder={t("ui.palettePlaceholder")}
        autocomplete="off"
        value={text}
        onInput={(event) => {
          setText(event.currentTarget.value);
          setActive(0);
        }}
        onKeyDown={onKeyDown}
      />
      <div class="palette__list" role="listbox" id={id} aria-label={t("ui.palette")} ref={list}>
        {found.map(({ value: command, label }, index) => (
          // biome-ignore lint/a11y/useKeyWithClickEvents: the keys are those of the combobox, which keeps the focus
          <div
            key={command.id}
            id={`${id}-${index}`}
            class="option"
            role="option"
            tabIndex={-1}
            aria-selected={index === active}
            data-active={index === active}
            onPointerMove={() => setActive(index)}
            onMouseDown={(event) => event.preventDefault()}
            onClick={() => run(command)}
          >
            <span class="option__label">{label}</span>
            {command.keys && <Kbd keys={command.keys} />}
          </div>
        ))}
      </div>
      {!found.length && (
        <p class="picker__empty" role="status">
          {t("ui.nothingFound")}
        </p>
      )}
    </Dialog>
  );
}
