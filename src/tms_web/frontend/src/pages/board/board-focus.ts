/** Where the keyboard is on the board: moves within columns and between them, and follows a card that changes its column. */
import type { Selection } from "tms/tasks";

export interface ColumnHandle {
  ids: () => readonly number[];
  focus: (id: number) => void;
  /** Moves the focus by so many cards. */
  move: (step: number) => void;
  card: (id: number) => HTMLElement | null;
  element: () => HTMLElement | null;
  add: () => void;
}

export class BoardFocus {
  readonly selection: Selection;
  /** By key, in the order of the board. */
  readonly columns = new Map<string, ColumnHandle>();
  /** The keys of the columns from left to right. */
  order: readonly string[] = [];
  /** The card that gets the focus when its new column shows it. */
  #followed: number | null = null;
  /** Whether nothing has the focus meanwhile, because the new column is still loading. */
  #isWaiting = false;

  constructor(selection: Selection) {
    this.selection = selection;
  }

  /** The column of the focused card, or else the first in sight. */
  current(): string | undefined {
    const id = this.selection.focused.peek();
    const own = id === null ? undefined : this.columnOf(id);
    return own ?? this.order.find((key) => isInSight(this.columns.get(key)?.element())) ?? this.order[0];
  }

  columnOf(id: number): string | undefined {
    return this.order.find((key) => this.columns.get(key)?.ids().includes(id));
  }

  card(): HTMLElement | null {
    const id = this.selection.focused.peek();
    const key = id === null ? undefined : this.columnOf(id);
    return id === null || key === undefined ? null : (this.columns.get(key)?.card(id) ?? null);
  }

  /** Up or down. */
  move(step: number): void {
    const key = this.current();
    if (key !== undefined) this.columns.get(key)?.move(step);
  }

  /** To the card beside it; columns without cards are passed. */
  moveAcross(step: number): void {
    const key = this.current();
    if (key === undefined) return;
    const id = this.selection.focused.peek();
    const place = id === null ? 0 : Math.max(0, this.columns.get(key)?.ids().indexOf(id) ?? 0);
    for (let next = this.beside(key, step); next !== undefined; next = this.beside(next, step)) {
      const ids = this.columns.get(next)?.ids() ?? [];
      const found = ids[Math.min(place, ids.length - 1)];
      if (found === undefined) continue;
      this.columns.get(next)?.element()?.scrollIntoView({ inline: "nearest", block: "nearest" });
      this.columns.get(next)?.focus(found);
      return;
    }
  }

  /** The key of the column so many places further; undefined at the end. */
  beside(key: string, step: number): string | undefined {
    return this.order[this.order.indexOf(key) + step];
  }

  /** The focus goes with a card to another column, or to the next card where that one is out of sight. */
  follow(id: number, from: string): void {
    this.#followed = id;
    this.#isWaiting = false;
    requestAnimationFrame(() => {
      if (this.#followed !== id) return;
      if (hasNoFocus()) this.columns.get(from)?.move(0);
      if (hasNoFocus()) this.#isWaiting = true;
      else this.#followed = null;
    });
  }

  /** Called by a column that has been rendered. */
  settle(handle: ColumnHandle): void {
    const id = this.#followed;
    if (id === null || !handle.ids().includes(id)) return;
    this.#followed = null;
    // The user has gone elsewhere.
    if (this.#isWaiting && !hasNoFocus()) return;
    handle.element()?.scrollIntoView({ inline: "nearest", block: "nearest" });
    handle.focus(id);
  }

  /** Takes selected cards that have left the board out of the selection. */
  retain(): void {
    if (!this.selection.ids.peek().size) return;
    this.selection.retain([...this.columns.values()].flatMap((one) => [...one.ids()]));
  }
}

function hasNoFocus(): boolean {
  return document.activeElement === document.body;
}

function isInSight(element: HTMLElement | null | undefined): boolean {
  if (!element) return false;
  const { left, right } = element.getBoundingClientRect();
  return right > 0 && left < innerWidth && left >= -(right - left) / 2;
}
