export {
  type ConnectionState,
  connection,
  type FeedListener,
  type FeedSink,
  type FeedSource,
  listen,
  retryAt,
  setFeedSource,
  startFeed,
  stopFeed,
  type TaskEvent,
} from "./feed.ts";
