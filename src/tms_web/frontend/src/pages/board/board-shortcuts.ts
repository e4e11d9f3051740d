import { t } from "tms/i18n";
import { useShortcuts } from "tms/module";
import { type ListCommands, useListShortcuts } from "tms/tasks";

export interface BoardCommands extends ListCommands {
  /** Moves the focus to another column. */
  moveAcross: (step: number) => void;
  /** Moves the card to another column. */
  send: (step: number) => void;
}

/** The keys of the board; those of the task panel win while it is open. */
export function useBoardShortcuts({ moveAcross, send, ...commands }: BoardCommands): void {
  useListShortcuts(commands);
  useShortcuts([
    { keys: "h", label: t("board.key.left"), run: () => moveAcross(-1) },
    { keys: "l", label: t("board.key.right"), run: () => moveAcross(1) },
    { keys: "shift+arrowleft", label: t("board.key.sendLeft"), run: () => send(-1) },
    { keys: "shift+arrowright", label: t("board.key.sendRight"), run: () => send(1) },
    // On a card it lifts; this is what it does elsewhere.
    { keys: "space", label: t("board.key.lift"), run: () => commands.move(0) },
  ]);
}
