"""Measures the web UI in a headless Chromium: python bench/pages.py [--tasks 100000] [--rounds 5] [--events 36000]

Runs the whole system with demo data, and the browser on the same machine. `cold` is a browser without a cache, `warm`
a page that is opened again. Times of loading and of keys are the browser's own (first rows rendered, Event Timing API);
a change made by another counts from the moment its request is sent until the frame that shows it.
"""

import argparse
import json
import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, BrowserContext, CDPSession, Page, sync_playwright
from run import Api, call, percentile, system

from tms_testing.browser import CHROMIUM, FLAGS

USER, PASSWORD = "bench", "bench-pass"
ROW = ".task-row"
COLUMN = ".board-column__cards"
BULK = 500
MARK = "Measured "

# Runs before the page's own scripts.
OBSERVERS = f"""
const {{ promise, resolve }} = Promise.withResolvers();
globalThis.measured = {{ rows: promise, shift: 0, longTasks: [], keys: [] }};
const frame = (act) => requestAnimationFrame(() => setTimeout(act));
new MutationObserver((_, observer) => {{
  if (!document.querySelector("{ROW}")) return;
  observer.disconnect();
  frame(() => resolve(performance.now()));
}}).observe(document, {{ childList: true, subtree: true }});
const observe = (type, act, options) =>
  new PerformanceObserver((list) => list.getEntries().forEach(act)).observe({{ type, buffered: true, ...options }});
observe("layout-shift", (entry) => {{ if (!entry.hadRecentInput) measured.shift += entry.value; }});
observe("longtask", (entry) => measured.longTasks.push(entry.duration));
observe("event", (entry) => {{ if (entry.name === "keydown") measured.keys.push(entry.duration); }},
  {{ durationThreshold: 16 }});
"""
# Resolves to the time since the epoch, in milliseconds, of the frame that shows the text.
SHOWN = """(text) => new Promise((resolve) => {
  const check = () => {
    if (!document.body.textContent.includes(text)) return false;
    requestAnimationFrame(() => setTimeout(() => resolve(performance.timeOrigin + performance.now())));
    return true;
  };
  if (check()) return;
  const observer = new MutationObserver(() => check() && observer.disconnect());
  observer.observe(document.body, { childList: true, subtree: true, characterData: true });
})"""
BYTES = """() => performance.getEntriesByType("resource").concat(performance.getEntriesByType("navigation"))
  .map(({ name, encodedBodySize }) => [new URL(name).pathname, encodedBodySize])"""


@dataclass(frozen=True)
class Row:
    """A line of the table: what was measured, its values, and its target."""

    name: str
    value: str
    target: str

    def __str__(self) -> str:
        return f"| {self.name} | {self.value} | {self.target} |"


class Pages:
    """Opens pages of a running system, as a user whose session the browser has."""

    def __init__(self, browser: Browser, api: Api):
        self.url = f"http://localhost:{api.port}"
        self._browser = browser
        with self._context() as context:
            page = context.new_page()
            page.goto(f"{self.url}/sign-in")
            page.get_by_label("User name").fill(USER)
            page.get_by_label("Password", exact=True).fill(PASSWORD)
            page.get_by_role("button", name="Sign in").click()
            page.wait_for_selector(ROW)
            self._state: Any = context.storage_state()

    @contextmanager
    def _context(self, **options: Any) -> Iterator[BrowserContext]:
        context = self._browser.new_context(viewport={"width": 1280, "height": 800}, **options)
        context.add_init_script(OBSERVERS)
        yield context
        context.close()

    @contextmanager
    def list(self) -> Iterator[Page]:
        """The list in a browser with nothing in its cache."""
        with self._context(storage_state=self._state) as context:
            page = context.new_page()
            page.goto(f"{self.url}/tasks")
            page.evaluate("measured.rows")
            yield page
            # The refresh token rotates.
            self._state = context.storage_state()

    @contextmanager
    def first(self) -> Iterator[Page]:
        """The page of somebody who has not signed in."""
        with self._context() as context:
            page = context.new_page()
            page.goto(f"{self.url}/")
            page.get_by_label("User name").wait_for()
            yield page


def loading(pages: Pages, rounds: int) -> Iterator[Row]:
    cold, warm, shifts = [], [], []
    for _ in range(rounds):
        with pages.list() as page:
            cold.append(page.evaluate("measured.rows"))
            page.wait_for_load_state("networkidle")
            shifts.append(page.evaluate("measured.shift"))
            page.reload()
            warm.append(page.evaluate("measured.rows"))
            page.wait_for_load_state("networkidle")
            shifts.append(page.evaluate("measured.shift"))
    yield Row("list, cold: to the first rows", milliseconds(cold), "≤ 1,000 ms")
    yield Row("list, warm", milliseconds(warm), "≤ 300 ms")
    yield Row("cumulative layout shift, largest", f"{max(shifts):.4f}", "≤ 0.01")


def sizes(pages: Pages) -> Iterator[Row]:
    for name, opened, limit in (("first page", pages.first, "≤ 90 kB"), ("list", pages.list, "")):
        with opened() as page:
            page.wait_for_load_state("networkidle")
            found = page.evaluate(BYTES)
            scripts = sum(size for path, size in found if path.endswith(".js"))
            styles = sum(size for path, size in found if path.endswith(".css"))
            limits = f"{limit}, ≤ 15 kB" if limit else ""
            yield Row(f"{name}: scripts, styles", f"{scripts / 1000:.1f} kB, {styles / 1000:.1f} kB", limits)


def changes_of_others(pages: Pages, api: Api, count: int = 50) -> Iterator[Row]:
    delays = []
    with pages.list() as page:
        task = page.locator(ROW).first.get_attribute("data-id")
        page.wait_for_load_state("networkidle")
        time.sleep(1)
        for number in range(count):
            title = f"{MARK}{number} {time.time()}"
            # Not awaited yet: the observer is in the page before the change is made.
            shown = page.evaluate_handle(f"text => ({{ promise: ({SHOWN})(text) }})", title)
            sent = time.time() * 1000
            call(api, "PATCH", f"/api/task/{task}", {"title": title})
            delays.append(shown.evaluate("one => one.promise") - sent)
    yield Row("change made by another, shown", milliseconds(delays), "≤ 100 ms median")


def keys(pages: Pages) -> Iterator[Row]:
    def press(page: Page, *names: str) -> None:
        for name in names:
            page.keyboard.press(name)
            # Two frames, as between presses of a quick typist.
            page.evaluate("() => new Promise((done) => requestAnimationFrame(() => setTimeout(done, 30)))")

    def times(page: Page, *names: str) -> list[float]:
        page.evaluate("measured.keys = []")
        press(page, *names)
        page.wait_for_timeout(150)
        # Faster ones than the threshold of the Event Timing API are not reported.
        found: list[float] = page.evaluate("measured.keys")
        return found + [16.0] * max(0, len(names) - len(found))

    with pages.list() as page:
        page.wait_for_load_state("networkidle")
        press(page, "j")
        yield key_row("move", times(page, *["j"] * 30))
        press(page, *["s", "Escape"] * 2)
        yield key_row("change status", times(page, *["s", "ArrowDown", "Enter"] * 10))
        press(page, "Enter")
        page.get_by_role("complementary").wait_for()
        press(page, "Escape")
        yield key_row("open and close the panel", times(page, *["Enter", "Escape"] * 10))


def key_row(name: str, found: list[float]) -> Row:
    return Row(f"key: {name}", milliseconds(found), "≤ 50 ms median")


def scrolling(pages: Pages, rows: int = 10_000) -> Iterator[Row]:
    with pages.list() as page:
        page.wait_for_load_state("networkidle")
        page.locator(ROW).nth(3).hover()
        yield scrolled(
            page, f"{rows:,} rows", lambda: int(page.locator(ROW).last.get_attribute("aria-rowindex") or 0), rows
        )


def board_scrolling(pages: Pages, cards: int = 10_000) -> Iterator[Row]:
    with pages.list() as page:
        page.goto(f"{pages.url}/board")
        column = page.locator(COLUMN).first
        column.locator("[data-id]").nth(3).hover()
        page.wait_for_load_state("networkidle")
        height = (
            column.locator("[data-id]")
            .nth(1)
            .evaluate("one => one.getBoundingClientRect().top - one.previousElementSibling.getBoundingClientRect().top")
        )

        def position() -> int:
            return int(column.evaluate("one => one.scrollTop") / height)

        yield scrolled(page, f"{cards:,} cards of a column", position, cards)


def scrolled(page: Page, what: str, position: Callable[[], int], wanted: int) -> Row:
    page.evaluate("measured.longTasks = []")
    began = time.monotonic()
    while (last := position()) < wanted:
        page.mouse.wheel(0, 4_000)
        page.wait_for_timeout(16)
        if time.monotonic() - began > 300:
            raise SystemExit(f"only {last} of {what} were reached in 5 minutes")
    seconds = time.monotonic() - began
    tasks = page.evaluate("measured.longTasks")
    over = [duration for duration in tasks if duration > 100]
    # The browser reports tasks of 50 ms and more.
    longest = f"{max(tasks):.0f} ms longest, {len(over)} over 100 ms" if tasks else "none of 50 ms"
    return Row(f"scrolling {what} in {seconds:.0f} s: tasks", longest, "none over 100 ms")


def memory(pages: Pages, api: Api, events: int, steps: int = 6) -> Iterator[Row]:
    with pages.list() as page:
        session = page.context.new_cdp_session(page)
        page.wait_for_load_state("networkidle")
        newest = int(page.locator(ROW).first.get_attribute("data-id") or 0)
        heap = [heap_of(session)]
        made = 0
        for step in range(steps):
            while made < events * (step + 1) // steps:
                # Tasks in sight, tasks that are loaded, and tasks that are not.
                first = newest - made % 5_000
                operations = [
                    {"op": "update", "id": first - number, "task": {"title": f"{MARK}{made + number} {time.time()}"}}
                    for number in range(BULK)
                ]
                call(api, "POST", "/api/task/bulk", {"operations": operations})
                made += BULK
            title = f"{MARK}last {time.time()}"
            call(api, "PATCH", f"/api/task/{newest}", {"title": title})
            # Events come in order: the page has received all of them.
            page.evaluate(SHOWN, title)
            heap.append(heap_of(session))
    yield Row(f"heap after each sixth of {events:,} events", " · ".join(f"{size:.1f}" for size in heap) + " MB", "flat")


def heap_of(session: CDPSession) -> float:
    session.send("HeapProfiler.collectGarbage")
    return float(session.send("Runtime.getHeapUsage")["usedSize"]) / 1e6


def milliseconds(values: list[float]) -> str:
    return f"{statistics.median(values):.0f} ms median, {percentile(values, 0.95):.0f} p95"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tasks", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=5, help="how often the list is opened")
    parser.add_argument("--events", type=int, default=36_000, help="changes during which the memory is watched")
    parser.add_argument("--state-dir", type=Path, help="keeps the data for another run")
    options = parser.parse_args()
    with sync_playwright() as playwright, system(options.tasks, state_dir=options.state_dir) as running:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        pages, api = Pages(browser, running.api), running.api
        parts: tuple[Callable[[], Iterator[Row]], ...] = (
            lambda: loading(pages, options.rounds),
            lambda: sizes(pages),
            lambda: changes_of_others(pages, api),
            lambda: keys(pages),
            lambda: scrolling(pages),
            lambda: board_scrolling(pages),
            lambda: memory(pages, api, options.events),
        )
        print(json.dumps({"browser": browser.version, "tasks": options.tasks}))
        print("| what | measured | target |\n|---|---|---|")
        for part in parts:
            for row in part():
                print(row, flush=True)
        browser.close()


if __name__ == "__main__":
    main()
