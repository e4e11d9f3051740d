import assert from "node:assert/strict";
import { test } from "node:test";
import { DEFAULT, type Rhythm, readCron, writeCron } from "../schedules/cron.ts";

const RHYTHMS: [Partial<Rhythm>, string][] = [
  [{ kind: "daily", time: "07:05" }, "5 7 * * *"],
  [{ kind: "weekdays", time: "08:00" }, "0 8 * * 1-5"],
  [{ kind: "weekly", time: "18:30", weekday: 0 }, "30 18 * * 0"],
  [{ kind: "monthly", time: "00:00", day: 28 }, "0 0 28 * *"],
];

test("the usual rhythms are written as cron expressions and read back", () => {
  for (const [rhythm, cron] of RHYTHMS) {
    assert.equal(writeCron({ ...DEFAULT, ...rhythm }), cron);
    assert.deepEqual(readCron(cron), { ...DEFAULT, ...rhythm, cron });
  }
});

test("Sunday is 7, too, and weekdays have names", () => {
  assert.equal(readCron("0 8 * * 7").weekday, 0);
  assert.equal(readCron("0 8 * * WED").weekday, 3);
  assert.equal(readCron("0 8 * * mon-fri").kind, "weekdays");
});

test("any other expression stays as it is", () => {
  for (const cron of ["*/5 * * * *", "0 8 31 * *", "0 8 1 * 1", "0 25 * * *", "0 8 * 1 *", "@daily"]) {
    assert.equal(readCron(cron).kind, "custom");
    assert.equal(writeCron(readCron(cron)), cron);
  }
});
