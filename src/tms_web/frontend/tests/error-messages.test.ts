/** Errors of the API in the user's language. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { ApiError, errorText, fieldText } from "tms/api";
import { addMessages, setLanguage } from "tms/i18n";

const refused = (code: string, more = {}) => new ApiError(409, { code, detail: "A sentence of the server.", ...more });

test("an error is told by its code in the user's language", async () => {
  await setLanguage("de");
  assert.equal(errorText(refused("email_taken")), "Diese E-Mail-Adresse ist vergeben.");
  await setLanguage("en");
  assert.equal(errorText(refused("email_taken")), "This e-mail address is taken.");
});

test("parameters are filled in, and a bound selects the plural form", async () => {
  await setLanguage("en");
  const tooShort = (minimum: number) => fieldText({ message: "…", code: "too_short", params: { minimum } });
  assert.equal(tooShort(1), "Please enter at least 1 character.");
  assert.equal(tooShort(8), "Please enter at least 8 characters.");
  const choices = { message: "…", code: "not_a_choice", params: { choices: ["LOW", "HIGH"] } };
  assert.equal(fieldText(choices), "Please choose one of LOW, HIGH.");
  const limited = refused("rate_limited", { params: { seconds: 1 } });
  assert.equal(errorText(limited), "Too many requests. Try again in 1 second.");
});

test("the sentence of the server stands for a code that has no message", async () => {
  await setLanguage("de");
  assert.equal(errorText(refused("journal_full")), "A sentence of the server.");
  assert.equal(fieldText({ message: "is no line", code: "journal_not_a_line" }), "is no line");
});

test("packages add messages for their codes", async () => {
  addMessages({ en: { "error.journal_closed": "Closed on {day}." }, de: { "error.journal_closed": "Zu am {day}." } });
  await setLanguage("de");
  assert.equal(errorText(refused("journal_closed", { params: { day: "Montag" } })), "Zu am Montag.");
});

test("an invalid request is told by its first field, and a proxy's error by its status", async () => {
  await setLanguage("de");
  const errors = [{ field: "title", message: "is required", code: "required" }];
  assert.equal(errorText(new ApiError(400, { code: "invalid", errors })), "title: Bitte füllen Sie dieses Feld aus.");
  assert.equal(errorText(new ApiError(502)), "Der Server ist nicht erreichbar. Versuchen Sie es später erneut.");
  assert.match(errorText(new ApiError(429, {}, 2000)), /in 2 Sekunden/);
  assert.match(errorText(new ApiError(0)), /^Der Server antwortet nicht/);
});
