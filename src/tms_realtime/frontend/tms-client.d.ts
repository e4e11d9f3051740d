/** What the page uses of /tms-client.js, the JavaScript client of this package. */
declare module "tms-client" {
  export interface ListenOptions {
    since?: number;
    onEvent?: (event: import("tms/realtime").TaskEvent) => void;
    onReset?: (reset: { event_id: number }) => void;
    onViewers?: (viewers: { tasks: Record<string, number[]> }) => void;
    onMessage?: (message: import("tms/realtime").UserMessage) => void;
    onState?: (state: "connecting" | "open" | "waiting" | "closed", more: { retryIn?: number }) => void;
    onError?: (error: unknown) => void;
  }
  export interface RequestOptions {
    body?: unknown;
    params?: Record<string, unknown>;
    signal?: AbortSignal;
    tries?: number;
  }
  export class Live {
    presence(taskId: number | null): void;
    watch(taskIds: number[]): void;
    close(): void;
  }
  export class TmsError extends Error {
    constructor(status: number, document: unknown, more?: { retryAfter?: number; cause?: unknown });
    status: number;
  }
  export class TmsClient {
    constructor(options?: { api?: string; realtime?: string });
    request(method: string, path: string, options?: RequestOptions): Promise<unknown>;
    listen(options?: ListenOptions): Live;
  }
}
