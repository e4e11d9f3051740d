"""A day's work without a mouse: after every key the focus is where one goes on, and never nowhere."""

import re

import pytest
from playwright.sync_api import Locator, Page, expect

from tms_testing.fixtures import PASSWORD


@pytest.fixture
def press(page):
    """Presses keys one after the other; after each, something has the focus: `press("j", "x")`."""

    def run(*keys: str) -> None:
        for key in keys:
            page.keyboard.press(key)
            expect(page.locator(":focus")).to_have_count(1)

    return run


@pytest.fixture
def write(page):
    """Types into the field that has the focus."""

    def run(field: Locator, text: str) -> None:
        expect(field).to_be_focused()
        page.keyboard.type(text)

    return run


def heading(page: Page, name: str) -> Locator:
    return page.get_by_role("heading", name=name, exact=True, level=1)


def row(page: Page, title: str) -> Locator:
    return page.get_by_role("row").filter(has=page.get_by_role("link", name=title, exact=True))


def test_a_days_work_without_a_mouse(page, served_pages, ann, client, press, write):
    page.goto(served_pages)
    write(page.get_by_label("User name"), ann.username)
    press("Tab")
    write(page.get_by_label("Password", exact=True), PASSWORD)
    press("Enter")
    expect(heading(page, "Tasks")).to_be_focused()

    press("c")
    line = page.get_by_label("New task", exact=True)
    for title in ("Beat the rug", "Air the beds", "Dust the shelf"):
        write(line, title)
        press("Enter")
        expect(row(page, title)).to_be_visible()
    press("Escape", "/")
    search = page.get_by_role("searchbox", name="Search tasks")
    write(search, "the")
    expect(page).to_have_url(re.compile("q=the"))
    press("Enter", "j")
    expect(row(page, "Dust the shelf")).to_be_focused()
    press("j", "j", "k", "x")
    expect(row(page, "Air the beds")).to_be_focused()
    expect(page.get_by_role("toolbar")).to_contain_text("1 selected")
    press("Escape")
    expect(row(page, "Air the beds")).to_be_focused()
    for key, field, text, shown in (
        ("s", "Change status", "progress", "In progress"),
        ("p", "Change priority", "urg", "Urgent"),
        ("a", "Assign", ann.username, ann.username),
        ("d", "Change due date", "tomorrow", "tomorrow"),
    ):
        press(key)
        write(page.get_by_role("combobox", name=field), text)
        press("Enter")
        expect(row(page, "Air the beds")).to_be_focused()
        expect(row(page, "Air the beds")).to_contain_text(shown)

    press("Enter")
    panel = page.get_by_role("complementary")
    expect(panel.get_by_role("heading", level=2)).to_be_focused()
    edit = panel.get_by_role("button", name="Edit", exact=True)
    # Not by `press`: the button of a date field has the focus without matching `:focus`.
    for _ in range(40):
        if edit.evaluate("one => one === document.activeElement"):
            break
        page.keyboard.press("Tab")
    expect(edit).to_be_focused()
    press("Enter")
    write(panel.get_by_role("textbox", name="Description"), "Both of them.")
    press("Escape")
    expect(panel.get_by_role("heading", level=2)).to_be_focused()
    expect(panel.get_by_text("wrote a description")).to_be_visible()
    press("Escape")
    expect(row(page, "Air the beds")).to_be_focused()

    press("g", "b")
    expect(heading(page, "Board")).to_be_focused()
    card = page.get_by_role("listitem", name="Air the beds", exact=True)
    # Before the columns are loaded there is nothing to move to.
    expect(card).to_be_visible()
    press("j")
    press("l")
    expect(card).to_be_focused()
    press("Shift+ArrowRight")
    expect(page.get_by_role("region", name="Completed").get_by_role("listitem", name="Air the beds")).to_be_focused()

    press("g", "c")
    expect(page.locator("main h1")).to_be_focused()
    expect(page).to_have_url(re.compile("/calendar$"))
    press("g", "m")
    expect(heading(page, "My tasks")).to_be_focused()
    press("g", "r")
    expect(heading(page, "Reports")).to_be_focused()
    press("?")
    expect(page.get_by_role("dialog")).to_contain_text("Go to Board")
    press("Escape")
    expect(heading(page, "Reports")).to_be_focused()
    press("Control+k")
    write(page.get_by_role("combobox", name="Search commands"), "go to tasks")
    press("Enter")
    expect(heading(page, "Tasks")).to_be_focused()
    press("Control+k")
    write(page.get_by_role("combobox", name="Search commands"), "sign out")
    press("Enter")
    expect(page.get_by_label("User name")).to_be_focused()

    done = client.get("/api/task", params={"q": "Air the beds"}).json()["results"][0]
    assert (done["status"], done["priority"], done["description"]) == ("COMPLETED", "URGENT", "Both of them.")
    assert (done["assigned_to"], done["due_date"] is not None) == (ann.id, True)
