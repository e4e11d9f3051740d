"""Accessibility of what the tests of the single pages do not open: pages of guests, overlays, error states, zoom."""

import re

import pytest
from playwright.sync_api import Page, expect

PHONE = {"width": 360, "height": 740}
# What remains of 1280 by 800 at a zoom of 200 %.
ZOOMED = {"width": 640, "height": 400}
GUEST_PAGES = (
    "/sign-in",
    "/register",
    "/forgotten-password",
    "/first-start",
    "/first-start#code=none",
    "/verify-email",
    "/verify-email#token=none",
    "/reset-password",
    "/reset-password#token=none",
    "/undo-email-change#token=none",
)
# By the key after "g".
PAGES = {
    "m": "my-tasks",
    "b": "board",
    "c": "calendar",
    "r": "reports",
    "n": "notifications",
    "a": "administration",
    "l": "tasks",
}


@pytest.fixture
def root(add_user):
    return add_user(is_admin=True)


@pytest.fixture
def client(api_of, root):
    return api_of(root)


def check_structure(page: Page) -> None:
    """Asserts a title, one heading of the first level, landmarks, and that nothing scrolls sideways."""
    expect(page.locator("main h1")).to_have_count(1)
    expect(page.get_by_role("main")).to_have_count(1)
    expect(page.get_by_role("banner")).to_have_count(1)
    assert page.title() not in ("TMS", "")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), page.url


@pytest.mark.parametrize(("look", "language"), [("light", "en-US"), ("dark", "de-DE")])
def test_pages_of_guests(browser, served_pages, visit, check_accessibility, look, language):
    with browser.new_context(locale=language, color_scheme=look, viewport=PHONE) as context:
        page = context.new_page()
        page.goto(f"{served_pages}/sign-in")
        titles = set()
        for path in GUEST_PAGES:
            visit(page, path)
            check_structure(page)
            check_accessibility(page)
            page.set_viewport_size(ZOOMED)
            check_structure(page)
            page.set_viewport_size(PHONE)
            titles.add(page.title())
        assert len(titles) == 7
        for path in ("/forgotten-password", "/register"):
            visit(page, path)
            page.locator("main button[type=submit]").click()
            expect(page.locator("[aria-invalid=true]").first).to_be_focused()
            check_accessibility(page)


def test_overlays_in_light_and_dark(page, sign_in, visit, root, client, check_accessibility, problems):
    tasks = [client.post("/api/task", data={"title": title}).json() for title in ("Sow", "Reap")]
    sign_in(page, root, "/tasks?q=sow")
    page.emulate_media(reduced_motion="reduce")

    def check() -> None:
        running = "document.getAnimations().filter(one => one.playState === 'running').length"
        assert page.evaluate(running) == 0
        for scheme in ("light", "dark"):
            page.emulate_media(color_scheme=scheme)
            check_accessibility(page)

    page.get_by_role("row").filter(has_text="Sow").get_by_role("checkbox").check()
    page.get_by_role("button", name="Status", exact=True).first.click()
    expect(page.get_by_role("listbox")).to_be_visible()
    check()
    page.keyboard.press("Escape")
    page.get_by_role("toolbar").get_by_role("button", name="Delete").click()
    check()
    page.keyboard.press("Escape")
    page.keyboard.press("Control+k")
    check()
    page.keyboard.press("Escape")
    page.keyboard.press("?")
    check()
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Account and settings").click()
    check()
    page.keyboard.press("Escape")

    visit(page, f"/tasks/{tasks[0]['id']}")
    page.get_by_role("button", name="Edit", exact=True).click()
    page.context.set_offline(True)
    expect(page.get_by_text("You are offline.")).to_be_visible()
    panel = page.get_by_role("complementary")
    panel.get_by_role("textbox", name="Description").fill("Mine")
    panel.get_by_label("Title").focus()
    expect(page.get_by_text("1 change will be sent")).to_be_visible()
    check()
    client.patch(f"/api/task/{tasks[0]['id']}", data={"description": "Theirs"})
    page.context.set_offline(False)
    expect(page.get_by_role("region", name="Conflict")).to_contain_text("Theirs")
    check()
    visit(page, "/tasks/999999")
    expect(page.get_by_role("heading", name="This task is not there")).to_be_visible()
    check()
    visit(page, "/tasks?q=no-such-task")
    expect(page.get_by_role("heading", name="No task matches")).to_be_visible()
    check()
    visit(page, "/nowhere")
    check_structure(page)
    check()
    # The browser logs requests without an answer, refused and unknown ones.
    expected = ("ERR_INTERNET_DISCONNECTED", " 412 ", " 404 ")
    problems[:] = [text for text in problems if not any(one in text for one in expected)]


def test_pages_at_a_zoom_of_200_percent(page, sign_in, root, client):
    operations = [{"op": "create", "task": {"title": f"Task {number}"}} for number in range(30)]
    assert client.post("/api/task/bulk", data={"operations": operations}).ok
    page.set_viewport_size(ZOOMED)
    sign_in(page, root, "/tasks")
    expect(page.get_by_role("row").nth(1)).to_be_visible()
    for key, path in PAGES.items():
        page.keyboard.press("g")
        page.keyboard.press(key)
        expect(page).to_have_url(re.compile(f"/{path}"))
        expect(page.locator("main h1")).to_be_focused()
        check_structure(page)
        expect(page.locator(".skeleton:not(.board-column *)")).to_have_count(0)
