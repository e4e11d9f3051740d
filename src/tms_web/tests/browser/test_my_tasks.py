"""My tasks: what is assigned to the user and open, by due date."""

import re
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from playwright.sync_api import Page, expect

PHONE = {"width": 360, "height": 740}


def rows(page: Page):
    """The heads of the sections and the tasks, in order."""
    return page.get_by_role("grid").get_by_role("row")


def head(name: str, count: int):
    return re.compile(f"{name}.*{count} tasks?")


def section(page: Page, name: str):
    return page.get_by_role("button", name=re.compile(f"^{name}"), expanded=True)


def day(distance: int = 0, zone: str = "UTC") -> str:
    return (datetime.now(ZoneInfo(zone)).date() + timedelta(days=distance)).isoformat()


def late_zone() -> str:
    """Return a zone in which the last hour of the day runs, so that midnight is near."""
    ahead = 23 - datetime.now(UTC).hour
    ahead -= 24 if ahead > 14 else 0
    return f"Etc/GMT{-ahead:+d}"


def assign(client, user, **tasks: str | None) -> dict[str, int]:
    """Create open tasks of a user, by title and due date, and return their ids."""
    made = {}
    for title, due in tasks.items():
        body = {"title": title, "due_date": due, "assigned_to": user.id}
        made[title] = client.post("/api/task", data=body).json()["id"]
    return made


def expect_rows(page: Page, expected: list) -> None:
    texts = [one if isinstance(one, re.Pattern) else re.compile(f"^{one}") for one in expected]
    expect(rows(page)).to_have_text(texts)


def test_tasks_are_in_sections_and_move_between_them(page, sign_in, ann, client, add_user, check_accessibility):
    mine = assign(client, ann, Late=day(-3), Now=day(), Soon=day(1), Far=day(30), Whenever=None)
    assign(client, add_user(), Foreign=day())
    client.post("/api/task", data={"title": "Done", "assigned_to": ann.id, "status": "COMPLETED"})
    sign_in(page, ann, "/my-tasks")
    # The week of the browser's locale ends on Saturday.
    week = [head("This week", 0)] if datetime.now(UTC).isoweekday() % 7 <= 4 else []

    expected = [
        *(head("Overdue", 1), "Late", head("Today", 1), "Now", head("Tomorrow", 1), "Soon", *week),
        *(head("Later", 1), "Far", head("No due date", 1), "Whenever", "Completed recently"),
    ]
    expect_rows(page, expected)
    check_accessibility(page)

    client.patch(f"/api/task/{mine['Late']}", data={"due_date": day(1), "priority": "URGENT"})
    expect_rows(page, [head("Today", 1), "Now", head("Tomorrow", 2), "Late", "Soon", *week, *expected[-5:]])

    page.get_by_role("button", name="Add a task: Tomorrow").click()
    line = page.get_by_label("New task")
    expect(line).to_be_focused()
    line.fill("Added !low")
    line.press("Enter")
    expect_rows(page, [head("Today", 1), "Now", head("Tomorrow", 3), "Late", "Soon", "Added", *week, *expected[-5:]])
    # A link once the server has it.
    expect(page.get_by_role("link", name="Added")).to_be_visible()
    (added,) = client.get("/api/task", params={"q": "Added"}).json()["results"]
    assert (added["due_date"], added["assigned_to"], added["priority"]) == (day(1), ann.id, "LOW")

    section(page, "Tomorrow").click()
    collapsed = [head("Today", 1), "Now", head("Tomorrow", 3), *week, *expected[-5:]]
    expect_rows(page, collapsed)
    page.reload()
    expect_rows(page, collapsed)

    page.keyboard.press("/")
    page.keyboard.type("Whenever")
    expect_rows(page, expected[-3:])
    expect(page).to_have_url(re.compile("q=Whenever"))


def test_checking_off_is_seen_and_undone(page, sign_in, ann, client, check_accessibility):
    made = assign(client, ann, Wash=day(), Dry=day(), Fold=day())
    sign_in(page, ann, "/my-tasks")

    def status(title: str) -> str:
        return client.get(f"/api/task/{made[title]}").json()["status"]

    box = page.get_by_role("checkbox", name="Complete Dry")
    box.click()
    row = rows(page).filter(has_text="Dry")
    expect(row).to_have_attribute("data-done", "true")
    expect(box).to_be_checked()
    page.get_by_role("button", name="Undo").click()
    expect(box).not_to_be_checked()
    expect(row).not_to_have_attribute("data-done", "true")
    expect(row).to_contain_text("Pending")

    page.keyboard.press("k")
    first = rows(page).filter(has_text="Fold")
    expect(first).to_be_focused()
    page.keyboard.press("Space")
    expect(first).to_have_attribute("data-done", "true")
    expect(first).to_have_count(0)
    expect(rows(page).filter(has_text="Dry")).to_be_focused()
    assert (status("Fold"), status("Dry")) == ("COMPLETED", "PENDING")

    page.keyboard.press("x")
    page.keyboard.press("j")
    page.keyboard.press("x")
    expect(page.get_by_text("2 selected")).to_be_visible()
    page.keyboard.press("s")
    page.get_by_role("combobox", name="Change status of 2 tasks").press_sequentially("compl")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="All done. Well worked!")).to_be_visible()
    check_accessibility(page)

    page.get_by_role("button", name="Completed recently").click()
    expect(rows(page)).to_have_count(4)
    page.get_by_role("checkbox", name="Complete Wash").click()
    expect(page.get_by_role("heading", name="All done. Well worked!")).to_have_count(0)
    expect(rows(page).filter(has=page.get_by_role("link", name="Wash"))).to_contain_text("Pending")


def test_sections_move_on_at_midnight(new_page, ann, client):
    zone = late_zone()
    assign(client, ann, First=day(0, zone), Second=day(1, zone))
    # The zone of the account has precedence over that of the browser.
    client.patch("/api/users/me/notifications", data={"timezone": zone})
    page = new_page(ann, "/my-tasks")
    page.clock.install()
    page.reload()
    expect(rows(page).first).to_have_text(head("Today", 1))

    page.clock.fast_forward("01:00:00")

    for index, text in enumerate(["Overdue", "First", "Today", "Second", "Tomorrow"]):
        expect(rows(page).nth(index)).to_have_text(re.compile(f"^{text}"))


def test_thousands_of_tasks_are_loaded_as_one_scrolls(page, sign_in, ann, client):
    for start in range(0, 1000, 500):
        tasks = [{"title": f"Task {start + one}", "assigned_to": ann.id, "due_date": day()} for one in range(500)]
        client.post("/api/task/bulk", data={"operations": [{"op": "create", "task": one} for one in tasks]})
    sign_in(page, ann, "/my-tasks")

    expect(rows(page).first).to_have_text(re.compile("Today.*1,000 tasks"))
    row = page.locator("[aria-rowindex='180']")
    assert rows(page).count() < 60
    # The first page has 100 rows; the end of it asks for the next one.
    page.locator(".my-tasks").evaluate("scroller => scroller.scrollTo(0, 100 * 44)")
    expect(page.locator("[aria-rowindex='105'] a")).to_be_visible()
    page.locator(".my-tasks").evaluate("scroller => scroller.scrollTo(0, 175 * 44)")
    expect(row).to_contain_text("Task")
    assert rows(page).count() < 60


def test_a_phone_in_german_and_in_the_dark(new_page, ann, client, check_accessibility):
    assign(
        client,
        ann,
        **{"Rechnung mit einem sehr langen Titel, der nicht in eine Zeile passt": day(-1), "Heutiges": day()},
    )
    page = new_page(ann, "/my-tasks", viewport=PHONE, color_scheme="dark")
    page.evaluate("localStorage.setItem('tms.language', 'de')")
    page.reload()

    expect(page.get_by_role("heading", name="Meine Aufgaben")).to_be_visible()
    expect(rows(page).first).to_have_text(re.compile("Überfällig.*1 Aufgabe"))
    assert page.evaluate("document.documentElement.scrollWidth") == PHONE["width"]
    check_accessibility(page)
    page.get_by_role("checkbox", name="Heutiges erledigen").click()
    expect(page.get_by_role("status").filter(has_text="Erledigt: Heutiges")).to_be_visible()
