import assert from "node:assert/strict";
import { test } from "node:test";
import { addDays, isDay } from "../src/tasks/days.ts";
import { addMonths, monthWeeks, weekOf } from "../src/tasks/months.ts";
import { dueSections, firstDayOfWeek, localeOf, startOfWeek, weekdayOf } from "../src/tasks/weeks.ts";

const ZONES = ["UTC", "Europe/Berlin", "America/Sao_Paulo", "Pacific/Apia", "Asia/Tehran"];
/** Every day of some years: leap years, changes of summer time, the end of a century. */
const DAYS = [...daysOf(2024), ...daysOf(2026), ...daysOf(2100)];

function* daysOf(year: number): Generator<string> {
  for (let time = Date.UTC(year, 0, 1); new Date(time).getUTCFullYear() === year; time += 86_400_000)
    yield new Date(time).toISOString().slice(0, 10);
}

for (const zone of ZONES) {
  test(`days follow each other in ${zone}`, () => {
    const before = process.env.TZ;
    process.env.TZ = zone;
    try {
      for (const day of DAYS) {
        const next = addDays(day, 1);
        assert.equal(addDays(next, -1), day);
        assert.ok(next > day && isDay(next), next);
        assert.equal(weekdayOf(next), (weekdayOf(day) + 1) % 7);
        assert.equal(addDays(day, 7).length, 10);
      }
    } finally {
      if (before === undefined) delete process.env.TZ;
      else process.env.TZ = before;
    }
  });
}

test("a week has seven days, begins on the first day, and has the day in it", () => {
  for (const firstDay of [0, 1, 6]) {
    for (const day of DAYS) {
      const week = weekOf(day, firstDay);
      assert.equal(week.length, 7);
      assert.equal(weekdayOf(week[0] as string), firstDay);
      assert.ok(week.includes(day));
      assert.equal(startOfWeek(day, firstDay), week[0]);
    }
  }
});

test("the weeks of a month have all its days, each once and in order, and no week without one", () => {
  for (const firstDay of [0, 1, 6]) {
    for (const day of DAYS.filter((one) => /-(01|15|28)$/.test(one))) {
      const month = day.slice(0, 7);
      const weeks = monthWeeks(day, firstDay);
      const all = weeks.flat();
      assert.ok(weeks.length >= 4 && weeks.length <= 6);
      for (const week of weeks) assert.ok(week.some((one) => one.startsWith(month)));
      for (const [index, one] of all.entries()) assert.equal(one, addDays(all[0] as string, index));
      assert.equal(all.filter((one) => one.startsWith(month)).length, daysIn(month));
    }
  }
});

function daysIn(month: string): number {
  const [year, number] = month.split("-").map(Number) as [number, number];
  return new Date(Date.UTC(year, number, 0)).getUTCDate();
}

test("months that are too short get their last day", () => {
  assert.equal(addMonths("2026-01-31", 1), "2026-02-28");
  assert.equal(addMonths("2024-01-31", 1), "2024-02-29");
  assert.equal(addMonths("2024-02-29", 12), "2025-02-28");
  assert.equal(addMonths("2026-03-31", -1), "2026-02-28");
  assert.equal(addMonths("2026-12-15", 1), "2027-01-15");
  for (const day of DAYS) {
    for (const count of [-13, -1, 0, 1, 5]) {
      const [year, month] = day.split("-").map(Number) as [number, number];
      const expected = new Date(Date.UTC(year, month - 1 + count, 1)).toISOString().slice(0, 7);
      assert.equal(addMonths(day, count).slice(0, 7), expected);
    }
  }
});

test("weeks begin by the region, also in browsers that do not tell", (context) => {
  const expected = { de: 1, "de-AT": 1, "en-GB": 1, "en-US": 0, en: 0, "pt-BR": 0, fr: 1 };
  for (const [locale, day] of Object.entries(expected)) assert.equal(firstDayOfWeek(locale), day, locale);
  const prototype = Intl.Locale.prototype as { getWeekInfo?: unknown };
  const known = prototype.getWeekInfo;
  context.after(() => {
    prototype.getWeekInfo = known;
  });
  prototype.getWeekInfo = undefined;
  for (const [locale, day] of Object.entries(expected)) assert.equal(firstDayOfWeek(locale), day, locale);
});

test("the region is that of the browser where it has the language", () => {
  assert.equal(localeOf("en", ["de-DE", "en-GB"]), "en-GB");
  assert.equal(localeOf("de", ["en-US"]), "de");
});

test("each day is in exactly one section of my tasks", () => {
  for (const firstDay of [0, 1, 6]) {
    for (const today of DAYS) {
      const ranges = Object.entries(dueSections(today, firstDay));
      for (let step = -9; step <= 9; step++) {
        const day = addDays(today, step);
        const found = ranges.filter(([, range]) => range && day >= (range.from ?? "0") && day <= (range.to ?? "9"));
        assert.equal(found.length, 1, `${day} on ${today}`);
      }
      const { week } = dueSections(today, firstDay);
      if (week) assert.equal(addDays(week.to as string, 1), addDays(startOfWeek(today, firstDay), 7));
    }
  }
});

test("what is no day is refused", () => {
  for (const text of ["", "2026-02-30", "2026-13-01", "2026-1-1", "20260101", "2026-01-01T00:00"])
    assert.ok(!isDay(text));
});
