"""Columns, groups and saved views of the list, in a real browser."""

import re

import pytest
from playwright.sync_api import Page, expect

PHONE = {"viewport": {"width": 360, "height": 740}, "locale": "de-DE", "color_scheme": "dark"}


def row(page: Page, title: str):
    return page.get_by_role("row").filter(has=page.get_by_role("link", name=title, exact=True))


def heads(page: Page):
    return page.locator("[data-group]")


def saved(client, name: str) -> list[str]:
    """Return the queries of the views of a name that the user sees."""
    return [one["query"] for one in client.get("/api/views").json()["views"] if one["name"] == name]


@pytest.fixture
def bob(add_user):
    return add_user()


def test_columns_are_chosen_and_ordered_by_keyboard(tasks, client, check_accessibility):
    client.post("/api/task", data={"title": "Mow the lawn", "description": "Front and back"})
    expect(row(tasks, "Mow the lawn")).to_be_visible()

    tasks.get_by_role("button", name="Columns").press("Enter")
    expect(tasks.get_by_role("checkbox", name="Status")).to_be_focused()
    tasks.keyboard.press("Space")
    tasks.get_by_role("checkbox", name="Description").check()
    tasks.get_by_role("checkbox", name="Description").press("Alt+ArrowUp")
    check_accessibility(tasks)
    tasks.keyboard.press("Escape")
    expect(tasks.get_by_role("button", name="Columns")).to_be_focused()

    shown = ["Title", "Priority", "Assignee", "Description", "Due date"]
    expect(tasks.get_by_role("columnheader")).to_have_text(["", *shown])
    expect(row(tasks, "Mow the lawn")).to_contain_text("Front and back")
    tasks.reload()
    expect(tasks.get_by_role("columnheader")).to_have_text(["", *shown])


def test_groups_are_in_the_address_and_collapse_by_keyboard(tasks, client, check_accessibility):
    for title, status in (("Dig", "PENDING"), ("Sow", "PENDING"), ("Reap", "COMPLETED")):
        client.post("/api/task", data={"title": f"{title} field", "status": status})
    tasks.goto(tasks.url + "?q=field&creator=me&ordering=title")
    expect(row(tasks, "Dig field")).to_be_visible()

    tasks.get_by_role("button", name="Group", exact=True).click()
    tasks.get_by_role("menuitemradio", name="Status").click()
    expect(heads(tasks)).to_have_text(["Pending2", "Completed1"])
    expect(tasks).to_have_url(re.compile("group=status"))
    check_accessibility(tasks)

    tasks.keyboard.press("j")
    expect(row(tasks, "Dig field")).to_be_focused()
    tasks.keyboard.press("ArrowLeft")
    head = tasks.get_by_role("button", name="Pending", expanded=False)
    expect(head).to_be_focused()
    expect(row(tasks, "Dig field")).to_have_count(0)
    tasks.keyboard.press("ArrowDown")
    expect(tasks.get_by_role("button", name="Completed", expanded=True)).to_be_focused()
    tasks.keyboard.press("ArrowUp")
    tasks.keyboard.press("ArrowRight")
    tasks.keyboard.press("ArrowDown")
    expect(row(tasks, "Dig field")).to_be_focused()

    # A change of another moves the row to its group.
    found = client.get("/api/task", params={"q": "Dig field"}).json()["results"][0]
    client.patch(f"/api/task/{found['id']}", data={"status": "COMPLETED"})
    expect(heads(tasks)).to_have_text(["Pending1", "Completed2"])
    tasks.go_back()
    expect(heads(tasks)).to_have_count(0)
    expect(row(tasks, "Reap field")).to_be_visible()


def test_a_view_is_saved_shared_and_opened_by_another(tasks, client, bob, api_of, new_page, check_accessibility):
    client.post("/api/task", data={"title": "Call the plumber", "priority": "URGENT"})
    client.post("/api/task", data={"title": "Read a book", "priority": "LOW"})
    tasks.goto(tasks.url + "?priority=URGENT&group=priority")
    expect(row(tasks, "Call the plumber")).to_be_visible()

    tasks.get_by_role("button", name="Views").click()
    tasks.get_by_role("menuitem", name="Save as a view").click()
    expect(tasks.get_by_label("Name")).to_be_focused()
    tasks.keyboard.type("Urgent work")
    tasks.get_by_label("Share with everybody").check()
    check_accessibility(tasks)
    tasks.get_by_role("button", name="Save", exact=True).click()
    expect(tasks.get_by_role("button", name="Urgent work", exact=True)).to_be_visible()

    # It is on another device, and in another language.
    other = new_page(bob, "/tasks", **PHONE)
    expect(row(other, "Read a book")).to_be_visible()
    other.get_by_role("button", name="Ansichten").click()
    other.get_by_role("menuitemradio", name="Urgent work").click()
    expect(row(other, "Read a book")).to_have_count(0)
    expect(row(other, "Call the plumber")).to_be_visible()
    expect(heads(other)).to_have_text([re.compile("Dringend")])
    check_accessibility(other)
    other.get_by_role("button", name="Urgent work").click()
    # Nobody changes a view of another.
    expect(other.get_by_role("menuitem", name="Umbenennen")).to_have_count(0)
    check_accessibility(other)
    other.get_by_role("menuitem", name="Als Startseite").click()
    other.goto(re.sub("/tasks.*", "/", other.url))
    expect(other).to_have_url(re.compile("priority=URGENT.*saved="))

    # Changed filters are shown as such, and can be saved.
    tasks.get_by_role("button", name="Remove filter Priority").click()
    tasks.get_by_role("button", name="Urgent work (changed)").click()
    tasks.get_by_role("menuitem", name="Save changes").click()
    expect(tasks.get_by_role("button", name="Urgent work", exact=True)).to_be_visible()
    assert saved(api_of(bob), "Urgent work") == ["group=priority"]
    tasks.keyboard.press("Control+k")
    tasks.keyboard.type("Urgent work")
    expect(tasks.get_by_role("option", name="Open view Urgent work")).to_be_visible()
    tasks.keyboard.press("Escape")
    tasks.get_by_role("button", name="Urgent work", exact=True).click()
    tasks.get_by_role("menuitem", name="Delete view").click()
    tasks.get_by_role("dialog").get_by_role("button", name="Delete").click()
    expect(tasks.get_by_role("button", name="Views")).to_be_visible()
    assert saved(api_of(bob), "Urgent work") == []


def test_views_of_all_pages_are_opened_from_the_palette(tasks, client, problems, check_accessibility):
    client.post("/api/task", data={"title": "Mend the roof", "priority": "URGENT"})
    base = tasks.url.removesuffix("/tasks")

    def save(name: str) -> None:
        tasks.get_by_role("button", name="Views").click()
        tasks.get_by_role("menuitem", name="Save as a view").click()
        tasks.get_by_label("Name").fill(name)
        tasks.keyboard.press("Enter")

    def open_from_palette(name: str) -> None:
        tasks.keyboard.press("Control+k")
        tasks.get_by_role("combobox", name="Search commands").fill(name)
        expect(tasks.get_by_role("option")).to_have_text([f"Open view {name}"])
        tasks.keyboard.press("Enter")
        expect(tasks.get_by_role("button", name=name, exact=True)).to_be_visible()

    tasks.goto(f"{base}/calendar?view=week&date=2026-01-05&creator=me")
    save("My week")
    expect(tasks.get_by_role("button", name="My week", exact=True)).to_be_visible()
    tasks.goto(f"{base}/my-tasks?q=roof")
    save("My week")
    expect(tasks.get_by_text("Another of your views has this name.")).to_be_visible()
    assert [one for one in problems if "409" not in one] == []
    problems.clear()
    check_accessibility(tasks)
    tasks.get_by_label("Name").fill("Roof")
    tasks.keyboard.press("Enter")
    expect(tasks.get_by_role("button", name="Roof", exact=True)).to_be_visible()
    tasks.goto(f"{base}/board?group=priority&priority=HIGH,URGENT")
    save("Urgent board")
    expect(tasks.get_by_role("button", name="Urgent board", exact=True)).to_be_visible()
    check_accessibility(tasks)

    open_from_palette("My week")
    expect(tasks).to_have_url(re.compile(r"/calendar\?view=week&creator=me&saved="))
    tasks.get_by_role("button", name="Next week").click()
    # Another week is the same view.
    expect(tasks).to_have_url(re.compile("date="))
    expect(tasks.get_by_role("button", name="My week", exact=True)).to_be_visible()
    open_from_palette("Urgent board")
    expect(tasks.get_by_role("heading", level=2)).to_have_text(["Urgent", "High"])
    open_from_palette("Roof")
    expect(tasks.get_by_label("Search tasks")).to_have_value("roof")
