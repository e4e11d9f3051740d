"""Fixtures for tests of pages of the web UI, in a real browser with real processes behind it.

Use them with those of `tms_testing.served`. A page fails its test if it logs an error or a warning, breaks a rule of
its Content-Security-Policy, or asks another host; a test that causes such a message takes it out of `problems`.
"""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import APIRequestContext, Browser, BrowserContext, Page, expect
from sqlalchemy import select

import tms_web
from tms_core.models import Task
from tms_core.permissions import Actor
from tms_core.runtime import Runtime
from tms_core.services.task_bulk import Deletion, TaskBulkService
from tms_testing.browser import PATIENCE
from tms_testing.fixtures import SignedIn
from tms_web import cookies

AXE = Path(tms_web.__file__).parents[1] / "frontend" / "node_modules" / "axe-core" / "axe.min.js"
# Those without an end, such as the shimmer of skeletons, are let run.
FINISH_ANIMATIONS = """() => Promise.allSettled(document.getAnimations()
  .filter((one) => one.effect.getComputedTiming().endTime !== Infinity).map((one) => one.finished))"""
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


@pytest.fixture
def problems() -> Iterator[list[str]]:
    """What the pages of the test complained of; it must be empty at the end."""
    found: list[str] = []
    yield found
    assert found == []


@pytest.fixture(scope="module")
def served_pages(request, packages, _system, served_api, served_relay) -> str:
    """The URL of the pages, with the relay and, if it is included, `tms realtime`. There are no tasks at first."""
    _delete_tasks(_system[0])
    if "tms_realtime" in packages:
        request.getfixturevalue("served_realtime")
    url: str = served_api
    return url


@pytest.fixture
def page(context, served_pages, problems) -> Page:
    """A page of a browser without stored data."""
    _watch(context, problems)
    return context.new_page()


@pytest.fixture
def sign_in(served_pages, begin_session) -> Callable[..., Page]:
    """Opens a path with a new session, as after signing in: `sign_in(page, ann, "/board")`."""

    def run(page: Page, user: SignedIn, path: str = "/tasks") -> Page:
        token = begin_session(user.id).refresh
        page.context.add_cookies(
            [{"name": cookies.NAME, "value": token, "domain": "localhost", "path": cookies.PATH, "httpOnly": True}]
        )
        page.goto(served_pages + path)
        expect(page.get_by_role("navigation").first).to_be_visible()
        return page

    return run


@pytest.fixture
def new_page(browser: Browser, sign_in, problems) -> Iterator[Callable[..., Page]]:
    """Opens a page in a browser of its own, as on another device: `new_page(bob, "/board", viewport=…)`."""
    contexts: list[BrowserContext] = []

    def run(user: SignedIn, path: str = "/tasks", **options: Any) -> Page:
        context = browser.new_context(**options)
        contexts.append(context)
        context.set_default_timeout(PATIENCE)
        _watch(context, problems)
        return sign_in(context.new_page(), user, path)

    yield run
    for context in contexts:
        context.close()


@pytest.fixture
def api_of(browser: Browser, served_api) -> Iterator[Callable[[SignedIn], APIRequestContext]]:
    """Makes API clients that need no browser page: `api_of(ann).get("/api/task")`."""
    contexts: list[BrowserContext] = []

    def make(user: SignedIn) -> APIRequestContext:
        context = browser.new_context(base_url=served_api, extra_http_headers=user.headers)
        contexts.append(context)
        return context.request

    yield make
    for context in contexts:
        context.close()


@pytest.fixture(scope="session")
def check_accessibility() -> Callable[[Page], None]:
    """Asserts that axe finds nothing against WCAG 2.2 AA or its best practices in what the page shows."""
    script = AXE.read_text(encoding="utf-8")

    def check(page: Page) -> None:
        page.evaluate(script)
        # What fades in has too little contrast on the way.
        page.evaluate(FINISH_ANIMATIONS)
        found = page.evaluate("rules => axe.run({ runOnly: rules, resultTypes: ['violations'] })", RULES)
        assert [_summary(violation) for violation in found["violations"]] == []

    return check


def wait_until(page: Page, condition: str, arg: Any = None) -> None:
    """Wait for a JavaScript function that returns a boolean, or a promise of one. `Page.wait_for_function` evaluates
    strings within the page, which its policy forbids as soon as the first call returns false."""
    page.evaluate(
        f"async arg => {{ while (!await ({condition})(arg)) await new Promise(resolve => setTimeout(resolve, 50)) }}",
        arg,
    )


def _delete_tasks(runtime: Runtime) -> None:
    """Delete what other modules left, as an administrator does: by events, which the processes have to see."""
    with runtime.transaction() as session:
        tasks = session.execute(select(Task.id, Task.created_by)).all()
        if tasks:
            admin = Actor(tasks[0].created_by, is_admin=True)
            service = TaskBulkService(session, admin, runtime.core.visibility)
            service.apply([Deletion(task.id) for task in tasks])


def _summary(violation: dict[str, Any]) -> str:
    nodes = [f"{node['html']}: {node['failureSummary']}" for node in violation["nodes"]]
    return "\n".join([f"{violation['id']}: {violation['help']}", *nodes])


def _watch(context: BrowserContext, problems: list[str]) -> None:
    def note(is_problem: bool, text: str) -> None:
        if is_problem:
            problems.append(text)

    def watch_sockets(page: Page) -> None:
        page.on("websocket", lambda socket: note(_is_foreign(socket.url), socket.url))

    # The browser logs requests that fail and violations of the policy, too.
    context.on("console", lambda message: note(message.type in ("error", "warning"), message.text))
    context.on("weberror", lambda found: note(True, str(found.error)))
    context.on("request", lambda request: note(_is_foreign(request.url), request.url))
    context.on("page", watch_sockets)


def _is_foreign(url: str) -> bool:
    return urlsplit(url).hostname not in ("localhost", None)
