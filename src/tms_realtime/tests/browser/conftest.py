"""Fixtures: pages of another origin in a real browser, which talk to the real TMS processes."""

import threading
from collections.abc import Callable, Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, WebSocketRoute

from tms_testing.fixtures import SignedIn
from tms_testing.served import served_settings

HERE = Path(__file__).parent
TICKETS = "**/api/ws-ticket"


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
        **served_settings(),
        "tms.cors_origins": origin,
        "tms.realtime.origins": origin,
        "tms.realtime.replay": "50",
    }


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
def open_tab(context, served_api, origin) -> Iterator[Callable[..., Tab]]:
    """Opens pages in one browser, each with a client of its own; with `share`, tabs share their tokens. A page opened
    by another runs in the same process, and sees changes of localStorage immediately."""
    tabs = []

    def run(user: SignedIn | None = None, *, share: bool = False, opener: Tab | None = None) -> Tab:
        tab = Tab(opener.open_another() if opener else context.new_page())
        tabs.append(tab)
        tab.page.goto(f"{origin}/page.html?api={served_api}")
        tab.page.wait_for_function("globalThis.isReady")
        tokens = user and {"access": user.access, "refresh": user.refresh}
        tab.run("makeClient(given)", {"tokens": tokens, "isShared": share})
        return tab

    yield run
    assert [tab.mistakes for tab in tabs] == [[] for _ in tabs]


@pytest.fixture
def connection_of() -> type[InterceptedConnection]:
    """Intercepts the connection of a tab, before it connects: `connection_of(tab)`."""
    return InterceptedConnection


@pytest.fixture
def tab(open_tab, add_user) -> Tab:
    """A page of a signed-in user."""
    tab: Tab = open_tab(add_user())
    return tab


@pytest.fixture
def shared_tab(open_tab, add_user) -> Tab:
    """A page of a signed-in user, with tokens shared by all tabs."""
    tab: Tab = open_tab(add_user(), share=True)
    return tab
