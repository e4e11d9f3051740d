import assert from "node:assert/strict";
import { mock, test } from "node:test";
import { api } from "tms/api";
import { tasks } from "tms/store";
import { bulkProgress, changeTasks } from "../src/tasks/actions.ts";
import { turn } from "./held.ts";

test("the progress of a bulk change ends with the session, and the rest of it is not sent", async () => {
  const post = mock.method(api, "post", () => new Promise(() => {}));
  await tasks.start(1);
  const ids = Array.from({ length: 501 }, (_, index) => index + 1);
  const changed = changeTasks(ids, { status: "COMPLETED" });
  await turn();
  assert.equal(bulkProgress.value?.total, 501);

  tasks.stop();
  await changed;
  assert.deepEqual([bulkProgress.value, post.mock.callCount(), tasks.queue.value], [null, 1, []]);
});
