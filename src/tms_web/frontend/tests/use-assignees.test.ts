import assert from "node:assert/strict";
import { mock, test } from "node:test";
import { api } from "tms/api";
import { ColumnCounts } from "../src/pages/board/counts.ts";
import { useAssignees } from "../src/tasks/use-assignees.ts";
import { turn } from "./held.ts";
import { act, renderHook } from "./hook.ts";

test("assignees and columns are unknown, not missing, until they could be counted", async () => {
  mock.timers.enable({ apis: ["setTimeout"] });
  let isAway = true;
  mock.method(api, "get", async () => {
    if (isAway) throw new Error("away");
    return { counts: [{ value: 7, count: 3 }] };
  });
  const assignees = await renderHook(() => useAssignees({}, true));
  const columns = new ColumnCounts("assigned_to", {}, 1);
  await act(turn);
  assert.deepEqual([assignees.current, columns.counts.value], [null, null]);

  isAway = false;
  mock.timers.tick(10_000);
  await act(turn);
  assert.deepEqual([assignees.current, columns.counts.value], [[7], new Map([["7", 3]])]);
  columns.dispose();
  await assignees.unmount();
});
