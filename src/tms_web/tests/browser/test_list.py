"""The pages in a real browser, with the real processes behind them."""

import re
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

from playwright.sync_api import Page, expect

BEGINNING = {"/api/web-session/refresh": 1, "/api/users/me": 1, "/api/task": 1, "/api/sync": 0}
IMAGE = "<img src=x onerror=console.error('image')>"
SCRIPT = "<script>console.error('script')</script>"
LINK = "[press me](javascript:console.error('link'))"
DESCRIPTION = f"**Before**\n\n{IMAGE}\n\n{SCRIPT}\n\n{LINK}\n\n![picture](http://evil.example/x.png)\n\n**After**"


def row(page: Page, title: str):
    return page.get_by_role("row").filter(has=page.get_by_role("link", name=title, exact=True))


def test_a_page_begins_with_one_request_of_each_kind(tasks, client):
    """The session is renewed before the modules are loaded, and what was asked for then is not asked for again."""
    client.post("/api/task", data={"title": "Sweep the path"})
    expect(row(tasks, "Sweep the path")).to_be_visible()
    sent: list[str] = []
    tasks.on("request", lambda request: sent.append(urlsplit(request.url).path))

    tasks.reload()

    expect(row(tasks, "Sweep the path")).to_be_visible()
    assert {path: sent.count(path) for path in BEGINNING} == BEGINNING
    assert sent.index("/api/web-session/refresh") < next(index for index, path in enumerate(sent) if "/list-" in path)


def test_one_line_creates_a_task_with_priority_and_due_date(tasks, client):
    days = {_tomorrow()}
    line = tasks.get_by_label("New task")
    line.fill("Pay rent !high tomorrow")
    line.press("Enter")

    expect(row(tasks, "Pay rent")).to_be_visible()
    days.add(_tomorrow())
    (task,) = client.get("/api/task", params={"q": "Pay rent"}).json()["results"]
    assert (task["title"], task["priority"]) == ("Pay rent", "HIGH")
    assert task["due_date"] in days


def _tomorrow() -> str:
    return (datetime.now(UTC).date() + timedelta(days=1)).isoformat()


def test_changes_of_others_appear_in_the_open_list(tasks, client):
    tasks.evaluate("globalThis.isSamePage = true")

    task = client.post("/api/task", data={"title": "Paint the fence"}).json()
    expect(row(tasks, "Paint the fence")).to_contain_text("Pending")
    client.patch(f"/api/task/{task['id']}", data={"title": "Paint the gate", "status": "COMPLETED"})
    expect(row(tasks, "Paint the gate")).to_contain_text("Completed")
    client.delete(f"/api/task/{task['id']}")
    expect(row(tasks, "Paint the gate")).to_have_count(0)

    assert tasks.evaluate("globalThis.isSamePage")


def test_a_deleted_task_comes_back_by_undo(tasks, client):
    client.post("/api/task", data={"title": "Rake the lawn"})
    row(tasks, "Rake the lawn").get_by_role("link").click()
    tasks.get_by_role("complementary").get_by_role("button", name="Actions").click()
    tasks.get_by_role("menuitem", name="Delete").click()
    expect(row(tasks, "Rake the lawn")).to_have_count(0)

    tasks.get_by_role("button", name="Undo").click()
    expect(row(tasks, "Rake the lawn")).to_be_visible()


def test_titles_and_descriptions_run_nothing(tasks, client):
    client.post("/api/task", data={"title": IMAGE, "description": DESCRIPTION})

    row(tasks, IMAGE).get_by_role("link").click()
    panel = tasks.get_by_role("complementary")
    expect(panel.get_by_label("Title")).to_have_value(IMAGE)
    expect(panel.get_by_text("After")).to_be_visible()
    panel.get_by_text("press me").click()

    expect(panel).to_contain_text(IMAGE)
    expect(panel).to_contain_text(SCRIPT)
    expect(panel.locator("strong")).to_have_text(["Before", "After"])
    expect(tasks.locator("img, body script, [href^=javascript]")).to_have_count(0)
    expect(tasks).to_have_title(re.compile("^" + re.escape(IMAGE)))


def test_values_are_picked_by_keyboard(tasks, client):
    client.post("/api/task", data={"title": "Sweep the yard"})

    row(tasks, "Sweep the yard").get_by_role("button", name="Priority: Medium").press("Enter")
    field = tasks.get_by_role("combobox", name="Change priority")
    expect(field).to_be_focused()
    expect(tasks.get_by_role("option", selected=True)).to_have_text("Medium")
    field.press_sequentially("urg")
    field.press("Enter")

    expect(row(tasks, "Sweep the yard").get_by_role("button", name="Priority: Urgent")).to_be_visible()
    expect(row(tasks, "Sweep the yard")).to_be_focused()


def test_commands_are_found_and_run_by_keyboard(tasks):
    options = tasks.get_by_role("option")
    tasks.keyboard.press("Control+k")
    field = tasks.get_by_role("combobox", name="Search commands")
    expect(field).to_be_focused()
    field.press("ArrowUp")
    expect(options.last).to_have_attribute("aria-selected", "true")
    field.press("ArrowDown")
    expect(options.first).to_have_attribute("aria-selected", "true")
    field.press_sequentially("dark")
    expect(options).to_have_text(["Theme: Dark"])
    field.press("Enter")

    expect(tasks.locator("html")).to_have_attribute("data-theme", "dark")
    expect(field).to_have_count(0)
