import assert from "node:assert/strict";
import { test } from "node:test";
import { inTurn } from "../turns.ts";

test("requests run one after the other, also after a failure, and not when they are no longer wanted", async () => {
  const order: string[] = [];
  const { signal } = new AbortController();
  const first = inTurn(signal, async () => {
    order.push("first begins");
    await new Promise((resolve) => setTimeout(resolve, 5));
    order.push("first ends");
    throw new Error("failed");
  });
  const unwanted = new AbortController();
  const second = inTurn(unwanted.signal, async () => order.push("second"));
  const third = inTurn(signal, async () => order.push("third"));
  unwanted.abort();

  await assert.rejects(first, /failed/);
  await assert.rejects(second, { name: "AbortError" });
  await third;
  assert.deepEqual(order, ["first begins", "first ends", "third"]);
});
