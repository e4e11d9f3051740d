"""The calendar: tasks by due date, in months and weeks. Its days are of the future, so that none of them is today."""

import re
from datetime import UTC, datetime

import pytest
from playwright.sync_api import Page, expect

PHONE = {"width": 360, "height": 740}
# A Wednesday.
# Without the tasks of the other tests.
MAY = "/calendar?date=2030-05-15&creator=me"


def cell(page: Page, name: str):
    return page.get_by_role("gridcell", name=re.compile(f"{name}\\b"))


def entry(page: Page, title: str):
    return page.get_by_role("link", name=re.compile(f"^{title},"))


@pytest.fixture
def paint(client) -> int:
    body = {"title": "Paint", "due_date": "2030-05-14", "priority": "HIGH"}
    return client.post("/api/task", data=body).json()["id"]


def test_a_task_is_dragged_to_another_day_and_others_see_it(page, sign_in, new_page, ann, client, paint, add_user):
    sign_in(page, ann, MAY)
    other = new_page(add_user(), f"/calendar?view=week&date=2030-05-15&creator={ann.id}")

    def due() -> str | None:
        return client.get(f"/api/task/{paint}").json()["due_date"]

    expect(cell(page, "Tuesday, May 14, 2030, 1 task")).to_contain_text("Paint")
    expect(cell(other, "Tuesday, May 14, 2030, 1 task")).to_contain_text("Paint")
    start = entry(page, "Paint").bounding_box()
    end = cell(page, "May 17, 2030").bounding_box()
    page.mouse.move(start["x"] + 20, start["y"] + 8)
    page.mouse.down()
    page.mouse.move(end["x"] + 20, end["y"] + 40, steps=5)
    expect(cell(page, "May 17, 2030")).to_have_attribute("data-over", "true")
    page.mouse.up()
    expect(cell(page, "Friday, May 17, 2030, 1 task")).to_contain_text("Paint")
    expect(cell(page, "Tuesday, May 14, 2030, 0 tasks")).to_be_visible()
    expect(cell(other, "Friday, May 17, 2030, 1 task")).to_contain_text("Paint")
    assert due() == "2030-05-17"

    entry(page, "Paint").focus()
    for key in ("Space", "ArrowDown", "ArrowRight", "Enter"):
        page.keyboard.press(key)
    expect(cell(page, "Saturday, May 25, 2030, 1 task")).to_contain_text("Paint")
    expect(entry(page, "Paint")).to_be_focused()

    page.get_by_role("button", name=re.compile("^No due date")).click()
    tray = page.get_by_role("region", name=re.compile("^No due date"))
    with page.expect_response(lambda answer: answer.request.method == "PATCH"):
        entry(page, "Paint").drag_to(tray)
    expect(tray).to_contain_text("Paint")
    expect(cell(page, "Saturday, May 25, 2030, 0 tasks")).to_be_visible()
    assert due() is None
    entry(page, "Paint").drag_to(cell(page, "May 2, 2030"))
    expect(cell(page, "Thursday, May 2, 2030, 1 task")).to_contain_text("Paint")
    expect(tray).not_to_contain_text("Paint")


def test_days_are_moved_through_by_keys_and_the_back_button(page, sign_in, ann, client, paint, check_accessibility):
    sign_in(page, ann, MAY)
    expect(page.get_by_role("heading", name="May 2030")).to_be_visible()
    expect(page.get_by_role("columnheader")).to_have_text(["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"])
    check_accessibility(page)

    cell(page, "May 15, 2030").focus()
    page.keyboard.press("ArrowLeft")
    expect(cell(page, "May 14, 2030")).to_be_focused()
    page.keyboard.press("Home")
    expect(cell(page, "Sunday, May 12, 2030")).to_be_focused()
    page.keyboard.press("PageDown")
    expect(page.get_by_role("heading", name="June 2030")).to_be_visible()
    expect(cell(page, "June 12, 2030")).to_be_focused()
    expect(page).to_have_url(re.compile("date=2030-06-12&creator=me$"))
    page.keyboard.press("w")
    expect(page.get_by_role("gridcell")).to_have_count(7)
    page.keyboard.press("j")
    expect(page.get_by_role("heading", name=re.compile("^Jun 16"))).to_be_visible()
    page.go_back()
    page.go_back()
    expect(page.get_by_role("heading", name="June 2030")).to_be_visible()
    page.go_back()
    expect(page.get_by_role("heading", name="May 2030")).to_be_visible()

    page.keyboard.press("t")
    today = page.locator("[aria-current=date]")
    expect(today).to_have_attribute("data-day", datetime.now(UTC).date().isoformat())


def test_a_task_is_added_to_a_day_and_its_list_has_all(page, sign_in, ann, client, check_accessibility):
    for number in range(8):
        client.post("/api/task", data={"title": f"Step {number}", "due_date": "2030-05-14"})
    sign_in(page, ann, MAY)

    cell(page, "May 15, 2030").focus()
    page.keyboard.press("Enter")
    dialog = page.get_by_role("dialog", name="Wednesday, May 15, 2030")
    line = dialog.get_by_label("New task")
    expect(line).to_be_focused()
    page.keyboard.type("Plant beans !urgent @me")
    page.keyboard.press("Enter")
    expect(entry(dialog, "Plant beans")).to_be_visible()
    check_accessibility(page)
    page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)
    expect(cell(page, "Wednesday, May 15, 2030, 1 task")).to_be_focused()
    (task,) = client.get("/api/task", params={"q": "beans"}).json()["results"]
    assert (task["due_date"], task["priority"], task["assigned_to"]) == ("2030-05-15", "URGENT", ann.id)

    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowUp")
    page.keyboard.press("ArrowLeft")
    expect(cell(page, "Tuesday, May 14, 2030, 8 tasks")).to_be_focused()
    cell(page, "May 14, 2030").get_by_role("button", name=re.compile(r"^\+\d more")).click()
    dialog = page.get_by_role("dialog", name="Tuesday, May 14, 2030")
    expect(dialog.get_by_role("listitem")).to_have_count(8)
    entry(dialog, "Step 3").click()
    expect(dialog).to_have_count(0)
    expect(page.get_by_role("complementary").get_by_label("Title")).to_have_value("Step 3")
    expect(page).to_have_url(re.compile(r"/calendar/\d+\?date=2030-05-15&creator=me$"))
    page.keyboard.press("Escape")
    expect(page.get_by_role("complementary")).to_have_count(0)

    page.goto(page.url.split("/calendar")[0] + "/calendar?date=2030-05-15&assignee=me")
    expect(cell(page, "Wednesday, May 15, 2030, 1 task")).to_be_visible()
    expect(cell(page, "Tuesday, May 14, 2030, 0 tasks")).to_be_visible()


def test_a_month_of_many_tasks_is_counted_by_day(page, sign_in, ann, client):
    for day in ("2031-05-10", "2031-05-20", "2031-05-30"):
        tasks = [{"title": f"Batch {number}", "due_date": day} for number in range(500)]
        client.post("/api/task/bulk", data={"operations": [{"op": "create", "task": one} for one in tasks]})
    sign_in(page, ann, "/calendar?date=2031-05-15")

    for name in ("Saturday, May 10", "Tuesday, May 20", "Friday, May 30"):
        expect(cell(page, f"{name}, 2031, 500 tasks")).to_contain_text("Batch")
    cell(page, "May 30, 2031").get_by_role("button", name=re.compile(r"^\+49\d more")).click()
    listed = page.get_by_role("dialog").get_by_role("listitem")
    expect(listed).to_have_count(100)
    page.get_by_role("button", name="Show more").click()
    expect(listed).to_have_count(200)


def test_a_phone_in_german_and_in_the_dark(new_page, ann, client, paint, check_accessibility):
    client.post("/api/task", data={"title": "Versäumt", "due_date": "2020-05-15", "assigned_to": ann.id})
    page = new_page(ann, MAY, viewport=PHONE, color_scheme="dark")
    page.evaluate("localStorage.setItem('tms.language', 'de')")
    page.reload()

    expect(page.get_by_role("heading", name="Mai 2030", exact=True)).to_be_visible()
    expect(page.get_by_role("columnheader").first).to_have_text("Mo")
    expect(cell(page, "Dienstag, 14. Mai 2030, 1 Aufgabe").locator(".calendar-cell__dot")).to_have_count(1)
    cell(page, "14. Mai 2030").click()
    agenda = page.get_by_role("region", name="Dienstag, 14. Mai 2030")
    expect(entry(agenda, "Paint")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") == PHONE["width"]
    check_accessibility(page)

    page.get_by_role("button", name="Woche", exact=True).click()
    expect(entry(page.get_by_role("region", name="Dienstag, 14. Mai 2030"), "Paint")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") == PHONE["width"]
    check_accessibility(page)
    page.goto(page.url.split("?")[0] + "?view=week&date=2020-05-15")
    expect(entry(page, "Versäumt")).to_have_attribute("data-overdue", "true")
