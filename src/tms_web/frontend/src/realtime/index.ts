export {
  type ConnectionState,
  connection,
  type FeedListener,
  listen,
  retryAt,
  startFeed,
  stopFeed,
  type TaskEvent,
  viewers,
  viewTask,
} from "./feed.ts";
