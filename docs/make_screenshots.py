"""Writes the pictures of docs/img from a demo system of its own, with Chromium: `make screenshots`.

`python docs/make_screenshots.py notifications` writes those of one page only.
"""

import base64
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Thread
from typing import Any, Literal

from playwright.sync_api import APIRequestContext, Browser, Locator, Page, expect, sync_playwright

from tms_local.embedded.ports import free_port
from tms_testing.browser import CHROMIUM

ROOT = Path(__file__).resolve().parent.parent
IMAGES = ROOT / "docs" / "img"
TMS = Path(sys.executable).with_name("tms")
# The demo system prints both; see `tms_local.demo`.
USER, PASSWORD = "ada.adeyemi", "password123"
SCHEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")
DEVICES: dict[str, dict[str, Any]] = {
    "desktop": {"viewport": {"width": 1280, "height": 800}},
    "phone": {"viewport": {"width": 360, "height": 740}, "has_touch": True, "is_mobile": True},
}
# Different tasks, so that each device has a conflict of its own.
DISPUTED = {"desktop": "Proofread the release notes", "phone": "Send the offer to Northwind Rail"}
# What colleagues change, each in another task of the user, and what they assign to the user.
CHANGES: tuple[dict[str, str], ...] = (
    {"priority": "URGENT"},
    {"status": "IN_PROGRESS", "due_date": "2031-03-14", "description": "See the notes of Tuesday."},
    {"due_date": "2031-03-21"},
)
ASSIGNED = ("Call the printer about the brochure", "Order chairs for the workshop", "Collect the feedback on the trial")
PATIENCE = 30_000
TO_WEBP = """async png => {
    const bytes = Uint8Array.from(atob(png), one => one.charCodeAt(0));
    const picture = await createImageBitmap(new Blob([bytes]));
    const canvas = new OffscreenCanvas(picture.width, picture.height);
    canvas.getContext("2d").drawImage(picture, 0, 0);
    const blob = await canvas.convertToBlob({ type: "image/webp", quality: 0.7 });
    const url = await new Promise(done => {
        const reader = new FileReader();
        reader.onload = () => done(reader.result);
        reader.readAsDataURL(blob);
    });
    return url.split(",")[1];
}"""
Show = Callable[[Page], Locator]
PAGES: dict[str, tuple[str, Show]] = {
    "list": ("/tasks", lambda page: page.get_by_role("row").nth(8)),
    "board": ("/board", lambda page: page.get_by_text("Fix the crash on the page")),
    "calendar": ("/calendar", lambda page: page.locator(".calendar [data-id]").first),
    "notifications": ("/notifications", lambda page: page.locator(".notification").nth(5)),
    "reports": ("/reports", lambda page: page.get_by_text("By status")),
    "reports-trend": ("/reports/trend", lambda page: page.get_by_role("slider", name="Burndown")),
    "reports-flow": ("/reports/flow", lambda page: page.get_by_role("table", name="From creation")),
    "administration": ("/administration/system", lambda page: page.get_by_text("PostgreSQL", exact=False)),
}
# Reports as pages of their own, `format=html`.
DOCUMENTS = {
    "report-document": "/api/task-report-insight/?format=html",
    "report-document-trend": "/api/task-report-insight/trend?format=html",
}


def main(only: list[str]) -> None:
    IMAGES.mkdir(exist_ok=True)
    expect.set_options(timeout=PATIENCE)
    with demo_system() as url, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM)
        converter = browser.new_page()

        def api_of(username: str) -> APIRequestContext:
            client = playwright.request.new_context(base_url=url)
            tokens = client.post("/api/token/", data={"username": username, "password": PASSWORD}).json()
            headers = {"Authorization": f"Bearer {tokens['access']}"}
            return playwright.request.new_context(base_url=url, extra_http_headers=headers)

        _make_notifications(api_of)
        for device, options in DEVICES.items():
            page = _sign_in(browser, url, options)
            for name, (path, shown) in PAGES.items():
                if only and name not in only:
                    continue
                page.goto(path)
                expect(shown(page)).to_be_visible()
                _save(page, converter, f"{name}-{device}")
            for name, path in DOCUMENTS.items():
                if only and name not in only:
                    continue
                document = browser.new_page(**options)
                document.set_content(api_of(USER).get(path).text())
                _save(document, converter, f"{name}-{device}")
                document.close()
            if not only or "conflict" in only:
                _make_conflict(page, DISPUTED[device], api_of)
                _save(page, converter, f"conflict-{device}")
            page.context.close()
        browser.close()


@contextmanager
def demo_system() -> Iterator[str]:
    """Run `tms up --demo` on data of its own; yields the URL of its pages."""
    port, realtime_port = free_port(), free_port()
    with tempfile.TemporaryDirectory(prefix="tms-") as directory:
        command = [TMS, "up", "--demo", "--state-dir", directory, "--api-port", port, "--realtime-port", realtime_port]
        arguments = [*map(str, command), str(ROOT / "development.ini")]
        process = subprocess.Popen(arguments, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        assert process.stdout is not None
        try:
            if not any("Ctrl-C stops everything" in line for line in process.stdout):
                sys.exit("tms up did not start.")
            # Otherwise the log would fill the pipe, and stop the system.
            Thread(target=process.stdout.read, daemon=True).start()
            yield f"http://localhost:{port}"
        finally:
            process.terminate()
            process.wait()


def _sign_in(browser: Browser, url: str, options: dict[str, Any]) -> Page:
    context = browser.new_context(**options, locale="en-US", reduced_motion="reduce", base_url=url)
    page = context.new_page()
    page.goto("/sign-in")
    page.get_by_label("User name").fill(USER)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("navigation").first).to_be_visible()
    return page


def _make_notifications(api_of: Callable[[str], APIRequestContext]) -> None:
    """Have colleagues change tasks of the user, and assign new ones."""
    own = api_of(USER)
    me = own.get("/api/users/me").json()["id"]
    mine = own.get("/api/task", params={"assigned_to": "me", "status": "PENDING,IN_PROGRESS"}).json()["results"]
    others = [task for task in mine if task["created_by"] != me and task["title"] not in DISPUTED.values()]
    for task, changes, title in zip(others[: len(CHANGES)], CHANGES, ASSIGNED, strict=True):
        colleague = api_of(own.get(f"/api/users/{task['created_by']}").json()["username"])
        assert colleague.patch(f"/api/task/{task['id']}", data=changes).ok
        assert colleague.post("/api/task/", data={"title": title, "assigned_to": me}).ok


def _make_conflict(page: Page, title: str, api_of: Callable[[str], APIRequestContext]) -> None:
    """Change a task without a connection while its creator changes it too, and connect again."""
    task = api_of(USER).get("/api/task", params={"q": title}).json()["results"][0]
    creator = api_of(USER).get(f"/api/users/{task['created_by']}").json()["username"]
    page.goto(f"/tasks/{task['id']}")
    panel = page.get_by_role("complementary")
    panel.get_by_role("button", name="Edit", exact=True).click()
    page.context.set_offline(True)
    panel.get_by_role("textbox", name="Description").fill("Short sentences, and no pictures.")
    panel.get_by_label("Title").focus()
    expect(page.get_by_text("1 change will be sent")).to_be_attached()
    changes = {"description": "Short sentences, two pictures at most."}
    assert api_of(creator).patch(f"/api/task/{task['id']}", data=changes).ok
    page.context.set_offline(False)
    expect(page.get_by_role("region", name="Conflict")).to_contain_text("two pictures")


def _save(page: Page, converter: Page, name: str) -> None:
    """Save what the page shows, in both themes."""
    for scheme in SCHEMES:
        page.emulate_media(color_scheme=scheme)
        page.wait_for_load_state("networkidle")
        png = base64.b64encode(page.screenshot(animations="disabled", caret="hide")).decode()
        (IMAGES / f"{name}-{scheme}.webp").write_bytes(base64.b64decode(converter.evaluate(TO_WEBP, png)))


if __name__ == "__main__":
    main(sys.argv[1:])
