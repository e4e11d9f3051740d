import assert from "node:assert/strict";
import { afterEach, test } from "node:test";
import { dateFormat, formatDate, formatDateTime, hourFormat, setLanguage, timeZone, today } from "tms/i18n";
import { checkPassword, missingCharacters } from "../src/pages/guest-form/password.ts";
import { deviceOf } from "../src/pages/profile/device.ts";
import { expiryOf } from "../src/pages/profile/expiry.ts";

const CHROMIUM = "AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36";

afterEach(() => {
  dateFormat.value = "language";
  hourFormat.value = "language";
  timeZone.value = "UTC";
});

test("devices are named by browser and system, also where the server has cut the User-Agent", () => {
  const known: [string | null, string | null, string | null][] = [
    [`Mozilla/5.0 (X11; Linux x86_64) ${CHROMIUM}`, "Chrome", "Linux"],
    [`Mozilla/5.0 (Windows NT 10.0; Win64; x64) ${CHROMIUM} Edg/131.0`, "Edge", "Windows"],
    ["Mozilla/5.0 (Macintosh; Intel Mac OS X 10.15; rv:133.0) Gecko/20100101 Firefox/133.0", "Firefox", "macOS"],
    [
      "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.1 M",
      "Safari",
      "iOS",
    ],
    [`Mozilla/5.0 (Linux; Android 10; K) ${CHROMIUM.replace("Safari", "Mobile Safari")}`, "Chrome", "Android"],
    ["curl/8.5.0", "curl", null],
    ["tms-client 1.0", "tms-client", null],
    ["Mozilla/5.0 (compatible)", null, null],
    [null, null, null],
  ];
  for (const [userAgent, browser, system] of known) assert.deepEqual(deviceOf(userAgent), { browser, system });
});

test("passwords are counted as the server counts: composed, by code points", () => {
  assert.equal(missingCharacters("seven77"), 1);
  assert.equal(missingCharacters("e\u0301e\u0301e\u0301e\u0301"), 4);
  assert.equal(missingCharacters("🔑🔑🔑🔑🔑🔑🔑🔑"), 0);
  assert.deepEqual(checkPassword("long enough"), {});
  assert.ok(checkPassword("short").password);
  assert.ok(checkPassword("x".repeat(1001)).password);
});

test("a token ends after some days or never", () => {
  assert.equal(expiryOf("30", Date.parse("2027-03-01T12:00:00Z")), "2027-03-31T12:00:00.000Z");
  assert.equal(expiryOf("never"), null);
});

test("dates and times follow the chosen formats and zone", async () => {
  await setLanguage("en");
  timeZone.value = "Pacific/Kiritimati";
  const instant = "2027-03-01T20:30:00Z";
  assert.equal(today(new Date(instant)), "2027-03-02");
  assert.match(formatDateTime(instant), /^Mar 2, 2027, 10:30\sAM$/);
  hourFormat.value = "24";
  dateFormat.value = "iso";
  assert.equal(formatDateTime(instant), "2027-03-02, 10:30");
  assert.equal(formatDate("2027-03-01"), "2027-03-01");
  dateFormat.value = "dmy";
  assert.equal(formatDate("2027-03-01"), "01.03.2027");
  dateFormat.value = "mdy";
  assert.equal(formatDate("2027-03-01"), "03/01/2027");
  // A format that a page asks for stays as it is.
  assert.equal(formatDate("2027-03-01", { month: "long" }), "March");
});
