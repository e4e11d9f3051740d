/** The live source of changes: one WebSocket by /tms-client.js, whose requests use the session of the page. */
import { ApiError, type Method, type RequestOptions, session } from "tms/api";
import { config, urlOf } from "tms/module";
import type { FeedSource } from "tms/realtime";
import { presence } from "./presence.ts";

export const source: FeedSource = {
  async start(since, sink) {
    // A variable, so that the bundler leaves the address alone.
    const path = urlOf("/tms-client.js");
    const { TmsClient, TmsError } = (await import(path)) as typeof import("tms-client");
    class PageClient extends TmsClient {
      override async request(method: string, target: string, options: RequestOptions = {}): Promise<unknown> {
        try {
          return await session.api.request(method as Method, target, options);
        } catch (error) {
          if (!(error instanceof ApiError)) throw error;
          const more = error.retryAfter === undefined ? {} : { retryAfter: error.retryAfter };
          throw new TmsError(error.status, error.problem, more);
        }
      }
    }
    const { realtimeUrl } = config;
    const live = new PageClient({ api: location.origin, ...(realtimeUrl && { realtime: realtimeUrl }) }).listen({
      ...(since !== undefined && { since }),
      onEvent: (event) => sink.onEvent(event),
      onMessage: (message) => sink.onMessage(message),
      onReset: ({ event_id }) => sink.onReset(event_id),
      onViewers: ({ tasks }) => presence.receive(tasks),
      onState: (state, { retryIn }) => {
        // A new connection is told of all viewers; what an old one said is out of date.
        if (state !== "open") presence.clear();
        sink.onState(state, retryIn);
      },
    });
    presence.attach(live);
    return () => {
      presence.detach();
      live.close();
    };
  },
};
