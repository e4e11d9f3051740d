/** The row that the keyboard is at, and the rows that are selected. */
import { computed, signal } from "@preact/signals";

export class Selection {
  readonly focused = signal<number | null>(null);
  readonly ids = signal<ReadonlySet<number>>(new Set());
  readonly count = computed(() => this.ids.value.size);
  /** Where a range begins. */
  #origin: number | null = null;

  toggle(id: number): void {
    const next = new Set(this.ids.peek());
    if (!next.delete(id)) next.add(id);
    this.ids.value = next;
    this.#origin = id;
  }

  toggleFocused(): void {
    for (const id of saved([this.focused.peek() ?? -1])) this.toggle(id);
  }

  /** Adds everything between the row that was toggled last and this one. `order` is the list. */
  extend(id: number, order: readonly number[]): void {
    const from = order.indexOf(this.#origin ?? this.focused.peek() ?? id);
    const to = order.indexOf(id);
    if (from < 0 || to < 0) {
      this.toggle(id);
      return;
    }
    const range = order.slice(Math.min(from, to), Math.max(from, to) + 1);
    this.ids.value = new Set([...this.ids.peek(), ...saved(range)]);
    this.#origin ??= order[from] ?? null;
  }

  selectAll(order: readonly number[]): void {
    this.ids.value = new Set(saved(order));
  }

  clear(): void {
    this.ids.value = new Set();
    this.#origin = null;
  }

  /** Takes out what is no longer in the list, so that no change reaches a row that is out of sight. */
  retain(order: readonly number[]): void {
    if (!this.ids.peek().size) return;
    const known = new Set(order);
    const kept = [...this.ids.peek()].filter((id) => known.has(id));
    if (kept.length < this.ids.peek().size) this.ids.value = new Set(kept);
  }

  /** The selected rows, or else the focused one. */
  targets(): number[] {
    const focused = this.focused.peek();
    return this.ids.peek().size ? [...this.ids.peek()] : saved(focused === null ? [] : [focused]);
  }
}

/** Without tasks that the server has not numbered yet. */
function saved(ids: readonly number[]): number[] {
  return ids.filter((id) => id > 0);
}
