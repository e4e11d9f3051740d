"""The web UI behind a proxy that serves TMS under a path."""

import threading
import urllib.error
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from playwright.sync_api import expect

from tms_testing.fixtures import PASSWORD
from tms_testing.served import served_settings

PREFIX = "/tms"
# Headers of one connection only, and one that urllib writes itself.
OWN = {"connection", "transfer-encoding", "keep-alive", "content-length"}


@pytest.fixture(scope="module")
def settings():
    return served_settings(**{"tms.trusted_proxies": "127.0.0.1, ::1"})


@pytest.fixture(scope="module")
def is_shared():
    return False


@pytest.fixture(scope="module")
def proxy(served_api):
    """The host of a proxy that serves TMS below `PREFIX`, and nothing else."""

    class Proxy(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def answer(self):
            body = self.rfile.read(int(self.headers.get("Content-Length", 0))) or None
            if not self.path.startswith(f"{PREFIX}/"):
                self.respond(404, {}, b"outside")
                return
            headers = {name: value for name, value in self.headers.items() if name.lower() not in OWN | {"host"}}
            forwarded = {"X-Forwarded-Prefix": PREFIX, "X-Forwarded-Host": self.headers["Host"]}
            request = urllib.request.Request(
                served_api + self.path.removeprefix(PREFIX), body, {**headers, **forwarded}, method=self.command
            )
            try:
                with urllib.request.urlopen(request) as response:
                    self.respond(response.status, response.headers, response.read())
            except urllib.error.HTTPError as error:
                self.respond(error.code, error.headers, error.read())

        def respond(self, status, headers, body):
            self.send_response(status)
            for name, value in headers.items():
                if name.lower() not in OWN:
                    self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            pass

        do_GET = do_POST = do_PATCH = do_PUT = do_DELETE = answer  # noqa: N815 - http.server names the methods

    server = ThreadingHTTPServer(("127.0.0.1", 0), Proxy)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://localhost:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


def test_the_ui_works_below_the_path_of_a_proxy(page, proxy, ann):
    outside = []
    page.on(
        "request", lambda one: None if one.url.startswith((f"{proxy}{PREFIX}/", "ws:")) else outside.append(one.url)
    )
    page.goto(f"{proxy}{PREFIX}/")
    page.get_by_label("User name").fill(ann.username)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", name="Tasks", exact=True)).to_be_visible()

    page.get_by_label("New task").fill("Below a path")
    page.keyboard.press("Enter")
    page.get_by_role("link", name="Below a path", exact=True).click()

    expect(page).to_have_url(f"{proxy}{PREFIX}/tasks/1")
    page.reload()
    expect(page.get_by_label("Title")).to_have_value("Below a path")
    assert outside == []
