/** Saved views: filters, search, order, grouping and columns of a page of tasks under a name. */
import { computed, signal } from "@preact/signals";
import {
  type ApiClient,
  ApiError,
  type NewSavedView,
  type SavedView,
  type SavedViewChange,
  type SavedViews,
  session,
} from "tms/api";

export class SavedViewStore {
  readonly #api: ApiClient;
  readonly #views = signal<readonly SavedView[]>([]);
  /** One's own by name, then the shared ones of others. */
  readonly all = computed(() => {
    const me = session.user.value?.id;
    const place = ({ owner }: SavedView) => Number(owner !== me);
    return this.#views.value.toSorted(
      (one, other) => place(one) - place(other) || one.name.localeCompare(other.name) || one.id - other.id,
    );
  });

  constructor(api: ApiClient) {
    this.#api = api;
  }

  get(id: number): SavedView | undefined {
    return this.#views.value.find((one) => one.id === id);
  }

  async load(): Promise<void> {
    const { views } = await this.#api.get<SavedViews>("/api/views");
    this.#views.value = views;
    const start = startView();
    const view = start && views.find(({ id }) => id === start.id);
    // It has been changed on another device, or deleted.
    if (start) setStartView(view ?? null);
  }

  async create(view: NewSavedView): Promise<SavedView> {
    const made = await this.#api.post<SavedView>("/api/views", view);
    this.#put(made);
    return made;
  }

  async change(id: number, patch: SavedViewChange): Promise<void> {
    this.#put(await this.#api.patch<SavedView>(`/api/views/${id}`, patch));
  }

  async remove(id: number): Promise<void> {
    try {
      await this.#api.delete(`/api/views/${id}`);
    } catch (error) {
      if (!(error instanceof ApiError) || error.status !== 404) throw error;
    }
    this.#views.value = this.#views.peek().filter((one) => one.id !== id);
    if (startView()?.id === id) setStartView(null);
  }

  clear(): void {
    this.#views.value = [];
  }

  #put(view: SavedView): void {
    this.#views.value = [...this.#views.peek().filter(({ id }) => id !== view.id), view];
    if (startView()?.id === view.id) setStartView(view);
  }
}

/** The address of a view. */
export function pathOfView({ id, page, query }: Pick<SavedView, "id" | "page" | "query">): string {
  return `${page}?${query ? `${query}&` : ""}saved=${id}`;
}

/** The view with which this device begins for the signed-in user. */
export function startView(): { id: number; path: string } | null {
  try {
    return JSON.parse(localStorage.getItem(startKey()) ?? "null");
  } catch {
    // Storage is forbidden, or holds something else.
    return null;
  }
}

export function setStartView(view: SavedView | null): void {
  try {
    if (view) localStorage.setItem(startKey(), JSON.stringify({ id: view.id, path: pathOfView(view) }));
    else localStorage.removeItem(startKey());
  } catch {
    // The user has forbidden storage: the first page is the start.
  }
}

function startKey(): string {
  return `tms.start.${session.user.peek()?.id}`;
}
