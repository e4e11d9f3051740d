import { signal } from "@preact/signals";

/** Which dialog of the shell is open. */
export const dialog = signal<"palette" | "shortcuts" | null>(null);

export function openDialog(name: "palette" | "shortcuts"): void {
  dialog.value = name;
}

export function closeDialog(): void {
  dialog.value = null;
}
