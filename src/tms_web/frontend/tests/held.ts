/** A client of the API whose requests wait until the test answers them. */
import { ApiClient } from "../src/api/client.ts";
import type { Task } from "../src/api/types.ts";

export interface HeldRequest {
  method: string;
  /** The path with its query. */
  url: string;
  headers: Record<string, string>;
  answer: (body: unknown, status?: number) => void;
}

/** Lets everything go on that waits for nothing but other code. */
export const turn = () => new Promise<void>((resolve) => setImmediate(resolve));

export function heldClient() {
  const waiting: HeldRequest[] = [];
  const renewal = { access: () => "token", renew: () => Promise.resolve("token") };
  const api = new ApiClient(renewal, { firstDelay: 1, longestDelay: 1 }, (url, { method, headers, signal }) => {
    const { promise, resolve, reject } = Promise.withResolvers<Response>();
    const answer = (body: unknown, status = 200) => resolve(Response.json(body, { status }));
    waiting.push({ method: method ?? "", url, headers: headers as Record<string, string>, answer });
    signal?.addEventListener("abort", () => reject(signal.reason));
    return promise;
  });
  return {
    api,
    /** Those that are not taken yet. */
    waiting,
    /** The oldest one, as soon as it is made. */
    next: async (): Promise<HeldRequest> => {
      for (;;) {
        const request = waiting.shift();
        if (request) return request;
        await turn();
      }
    },
  };
}

/** A page of tasks, and whether there is another one. */
export function pageOf(results: readonly Task[], hasMore = false) {
  return { results, count: results.length, next: hasMore ? "/api/task?cursor=next" : null };
}
