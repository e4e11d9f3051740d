import assert from "node:assert/strict";
import { test } from "node:test";
import { eventNumber, fieldsOf, stateOf, toneOf, type Webhook } from "../webhooks.ts";

const WEBHOOK: Webhook = {
  id: 1,
  owner: { id: 2, username: "bob", is_active: true },
  url: "https://hooks.example.com/",
  description: "",
  events: ["created"],
  filter: {},
  is_active: true,
  disabled_reason: null,
  failures: 0,
  failing_since: null,
  last_error: null,
  paused_until: null,
  replaying: false,
};

test("the state names what stops the deliveries", () => {
  assert.equal(stateOf(WEBHOOK), "active");
  assert.equal(stateOf({ ...WEBHOOK, failures: 3 }), "failing");
  assert.equal(stateOf({ ...WEBHOOK, is_active: false }), "off");
  assert.equal(stateOf({ ...WEBHOOK, is_active: false, disabled_reason: "gone" }), "gone");
  assert.equal(stateOf({ ...WEBHOOK, is_active: false, disabled_reason: "failing" }), "disabled");
  assert.equal(stateOf({ ...WEBHOOK, owner: { ...WEBHOOK.owner, is_active: false } }), "owner");
  assert.deepEqual((["active", "failing", "off", "gone"] as const).map(toneOf), ["good", "warning", "off", "warning"]);
});

test("empty filters are left out", () => {
  const fields = fieldsOf({ ...WEBHOOK, url: " https://a.example/ ", filter: { status: [], priority: ["HIGH"] } });

  assert.equal(fields.url, "https://a.example/");
  assert.deepEqual(fields.filter, { priority: ["HIGH"] });
});

test("the number of an event is a whole number from 0", () => {
  assert.deepEqual(["0", " 17 ", "-1", "1.5", "", "x"].map(eventNumber), [0, 17, null, null, null, null]);
});
