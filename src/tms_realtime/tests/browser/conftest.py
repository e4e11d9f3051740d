"""Fixtures: the real TMS processes, and pages of another origin in a real browser."""

import shutil
import sys
import threading
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, WebSocketRoute, sync_playwright

from tms_core.models import User
from tms_core.services.passwords import hash_password
from tms_core.services.tokens import TokenService
from tms_local.embedded.ports import free_port
from tms_local.supervisor.probe import Probe
from tms_testing.fixtures import PASSWORD, SignedIn
from tms_testing.processes import WatchedProcess

HERE = Path(__file__).parent
TMS = Path(sys.executable).with_name("tms")
CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
TICKETS = "**/api/ws-ticket"
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--disable-background-networking"]
PATIENCE = 60.0
HASH = hash_password(PASSWORD)
_numbers = count(1)


@pytest.fixture(scope="module")
def packages():
    return ("tms_api", "tms_realtime")


class QuietHandler(SimpleHTTPRequestHandler):
    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture(scope="session")
def origin() -> Iterator[str]:
    """The origin of the pages, whose server is independent of TMS."""
    handler = partial(QuietHandler, directory=str(HERE))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield f"http://localhost:{server.server_port}"
        server.shutdown()
        thread.join()


@pytest.fixture(scope="module")
def settings(origin):
    return {
        "tms.api_workers": "1",
        "tms.api_port": str(free_port()),
        "tms.cors_origins": origin,
        "tms.realtime.port": str(free_port()),
        "tms.realtime.status_port": "0",
        "tms.realtime.origins": origin,
        "tms.realtime.drain_seconds": "0",
        "tms.realtime.replay": "50",
    }


@contextmanager
def running(ini_file: Path, *argv: str) -> Iterator[WatchedProcess]:
    with WatchedProcess([TMS, "--ini", ini_file, *argv], patience=PATIENCE) as process:
        yield process


@pytest.fixture(scope="module")
def api(_system, ini_file, settings) -> Iterator[str]:
    """The URL of `tms api`. Its tables are never emptied: every test creates its own users."""
    url = f"http://localhost:{settings['tms.api_port']}"
    with running(ini_file, "api"):
        is_up = threading.Event()
        Probe(lambda: _responds(f"{url}/api/health"), is_up.set).start()
        assert is_up.wait(PATIENCE)
        yield url


def _responds(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=PATIENCE) as answer:
            return answer.status == 200
    except OSError:
        return False


class Restartable:
    """`tms realtime` on a fixed port, which can be restarted."""

    def __init__(self, ini_file: Path):
        self._ini_file = ini_file
        self._stack = ExitStack()

    def start(self) -> None:
        process = self._stack.enter_context(running(self._ini_file, "realtime"))
        process.wait_for("listening on ws://")
        process.wait_for("following events on redis")

    def kill(self) -> None:
        self._stack.close()


@pytest.fixture(scope="module")
def realtime(api, ini_file) -> Iterator[Restartable]:
    """`tms realtime`, with the relay."""
    process = Restartable(ini_file)
    with running(ini_file, "relay") as relay:
        process.start()
        relay.wait_for("leading; sinks")
        yield process
        process.kill()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """A browser per module: while Playwright runs, other tests of this process cannot run an asyncio loop."""
    assert CHROMIUM, "there is no browser: make browser"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def context(browser) -> Iterator[BrowserContext]:
    """A browser context without stored data."""
    context = browser.new_context()
    context.set_default_timeout(PATIENCE * 500)
    yield context
    context.close()


class InterceptedConnection:
    """The connection between a page and `tms realtime`, which can be interrupted."""

    def __init__(self, tab: "Tab"):
        self._tab = tab
        self._sockets: list[WebSocketRoute] = []
        tab.page.route_web_socket("**/ws/tasks/**", self._connect)

    def _connect(self, socket: WebSocketRoute) -> None:
        socket.connect_to_server()
        self._sockets.append(socket)

    def cut(self) -> None:
        self._tab.page.route(TICKETS, lambda route: route.abort())
        self._sockets[-1].close(code=1001)
        self._tab.wait_for_state("waiting")

    def restore(self) -> None:
        self._tab.page.unroute(TICKETS)
        self._tab.come_online()
        self._tab.wait_for_state("open")


class Tab:
    """A page with page.js."""

    def __init__(self, page: Page):
        self.page = page
        self.mistakes: list[str] = []
        page.on("pageerror", lambda error: self.mistakes.append(str(error)))

    def run(self, code: str, given: Any = None) -> Any:
        """Run the body of an async function in the page; `given` is its argument. Return the result."""
        return self.page.evaluate(f"async (given) => {{ {code} }}", given)

    def request(self, method: str, path: str, **options: Any) -> Any:
        return self.run("return tms.request(...given)", [method, path, options])

    def refusal(self, code: str, given: Any = None) -> dict[str, Any]:
        """Return the error with which the promise of an expression was rejected."""
        found = self.run(f"return outcome({code})", given)
        assert "error" in found, found
        error: dict[str, Any] = found["error"]
        return error

    def listen(self, **options: Any) -> None:
        """Open the live connection and wait for it."""
        self.run("listen(given)", options)
        self.wait_for_state("open")

    def open_another(self) -> Page:
        with self.page.expect_popup() as popup:
            self.run("open()")
        page: Page = popup.value
        return page

    def come_online(self) -> None:
        """Dispatch the event of a browser whose network is back."""
        self.run("dispatchEvent(new Event('online'))")

    def stop_time(self) -> None:
        """Stop timers except by `page.clock.run_for`; `pauses` records their delays."""
        self.page.clock.install(time=0)
        self.page.clock.pause_at(1)
        self.run("""
            const { setTimeout } = globalThis;
            globalThis.pauses = [];
            globalThis.setTimeout = (act, time) => {
                pauses.push(time);
                return setTimeout(act, time);
            };
        """)

    def received(self, kind: str, number: int) -> list[Any]:
        """Return all values that a callback received, once there are `number` of them."""
        self.page.wait_for_function("([kind, number]) => received[kind].length >= number", arg=[kind, number])
        found: list[Any] = self.page.evaluate("(kind) => received[kind]", kind)
        return found

    def wait_for_state(self, state: str) -> dict[str, Any]:
        """Return the newest state notification, once it has the state."""
        self.page.wait_for_function("(state) => received.states.at(-1)?.state === state", arg=state)
        found: dict[str, Any] = self.page.evaluate("received.states.at(-1)")
        return found


@pytest.fixture
def open_tab(context, api, origin) -> Iterator[Callable[..., Tab]]:
    """Opens pages in one browser, each with a client of its own; with `share`, tabs share their tokens. A page opened
    by another runs in the same process, and sees changes of localStorage immediately."""
    tabs = []

    def run(user: SignedIn | None = None, *, share: bool = False, opener: Tab | None = None) -> Tab:
        tab = Tab(opener.open_another() if opener else context.new_page())
        tabs.append(tab)
        tab.page.goto(f"{origin}/page.html?api={api}")
        tab.page.wait_for_function("globalThis.isReady")
        tokens = user and {"access": user.access, "refresh": user.refresh}
        tab.run("makeClient(given)", {"tokens": tokens, "isShared": share})
        return tab

    yield run
    assert [tab.mistakes for tab in tabs] == [[] for _ in tabs]


@pytest.fixture
def make_user(_system) -> Callable[..., SignedIn]:
    """Creates signed-in users without deleting those of other tests."""
    runtime, app = _system

    def run(name: str = "") -> SignedIn:
        name = name or f"user{next(_numbers)}"
        with runtime.transaction() as session:
            user = User(username=name, email=f"{name}@example.com", first_name="", last_name="", password_hash=HASH)
            session.add(user)
            session.flush()
            session.refresh(user)
            pair = TokenService(session, app.app.registry.access_tokens, runtime.core).begin_session(user)
            return SignedIn(user.id, name, pair.access, pair.refresh, is_admin=False)

    return run


@pytest.fixture
def connection_of() -> type[InterceptedConnection]:
    """Intercepts the connection of a tab, before it connects: `connection_of(tab)`."""
    return InterceptedConnection


@pytest.fixture
def tab(open_tab, make_user) -> Tab:
    """A page of a signed-in user."""
    tab: Tab = open_tab(make_user())
    return tab


@pytest.fixture
def shared_tab(open_tab, make_user) -> Tab:
    """A page of a signed-in user, with tokens shared by all tabs."""
    tab: Tab = open_tab(make_user(), share=True)
    return tab
