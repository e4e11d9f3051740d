"""The bell, the inbox, muted tasks, and why a mail was (not) sent, in a real browser."""

import re

import pytest
from playwright.sync_api import expect

INBOX = "/notifications"


@pytest.fixture
def ann(add_user):
    return add_user()


@pytest.fixture
def bob(add_user):
    return add_user()


@pytest.fixture
def of_ann(api_of, ann):
    return api_of(ann)


@pytest.fixture
def assign(of_ann, bob):
    """Creates a task of ann's that is assigned to bob: `assign("Paint the fence")`."""

    def run(title: str) -> int:
        answer = of_ann.post("/api/task/", data={"title": title, "assigned_to": bob.id})
        assert answer.ok
        return answer.json()["id"]

    return run


@pytest.fixture
def change(of_ann):
    def run(task_id: int, **fields) -> None:
        assert of_ann.patch(f"/api/task/{task_id}", data=fields).ok

    return run


def row_of(page, title):
    return page.locator(".notification").filter(has_text=title)


def test_the_bell_counts_live_and_opens_the_latest(page, sign_in, ann, bob, assign, change, check_accessibility):
    sign_in(page, bob, "/tasks")
    task_id = assign("Paint the fence")
    bell = page.get_by_role("button", name="Notifications: 1 unread")
    bell.click()
    menu = page.get_by_role("dialog", name="Notifications")
    expect(menu.get_by_role("listitem")).to_contain_text(f"{ann.username} assigned this task to you")

    change(task_id, status="IN_PROGRESS")
    newest = menu.locator(".notification").first
    expect(newest).to_contain_text(f"{ann.username} changed the status: Pending → In progress")
    expect(newest.locator("bdi")).to_have_text(["Paint the fence", ann.username, "Pending", "In progress"])
    check_accessibility(page)
    page.keyboard.press("Escape")
    expect(page.get_by_role("button", name="Notifications: 2 unread")).to_be_focused()

    page.keyboard.press("Enter")
    menu.get_by_role("link", name="Paint the fence").first.click()
    expect(page.get_by_role("complementary")).to_contain_text("Paint the fence")
    expect(page).to_have_url(re.compile(rf"{INBOX}/{task_id}$"))
    page.get_by_role("button", name="Notifications: 1 unread").click()
    menu.get_by_role("button", name="Mark all as read").click()
    expect(page.get_by_role("button", name="Notifications", exact=True)).to_be_visible()


def test_the_inbox_by_keys(page, sign_in, bob, assign, check_accessibility):
    for title in ("First", "Second", "Third"):
        assign(title)
    sign_in(page, bob, INBOX)
    rows = page.locator(".notification")
    expect(rows).to_have_count(3)
    expect(page.get_by_role("heading", name="Today")).to_be_visible()
    check_accessibility(page)

    page.keyboard.press("j")
    expect(row_of(page, "Third")).to_be_focused()
    page.keyboard.press("e")
    expect(rows).to_have_count(2)
    expect(row_of(page, "Second")).to_be_focused()
    page.get_by_role("button", name="Undo").click()
    expect(rows).to_have_count(3)
    expect(row_of(page, "Third")).to_have_attribute("data-unread", "true")
    row_of(page, "Third").focus()
    page.keyboard.press("e")
    expect(row_of(page, "Second")).to_be_focused()
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    expect(page.get_by_role("complementary")).to_contain_text("First")
    page.keyboard.press("Escape")
    expect(row_of(page, "First")).to_be_focused()
    expect(row_of(page, "First")).to_have_attribute("data-unread", "false")
    page.keyboard.press("r")
    expect(row_of(page, "First")).to_have_attribute("data-unread", "true")
    page.keyboard.press("r")
    expect(row_of(page, "First")).to_have_attribute("data-unread", "false")

    page.get_by_role("button", name="Unread 1").click()
    expect(rows).to_have_count(1)
    page.keyboard.press("j")
    page.keyboard.press("r")
    expect(row_of(page, "Second")).to_have_attribute("data-unread", "false")
    page.get_by_role("button", name="Archived").click()
    expect(rows).to_have_count(1)
    page.keyboard.press("j")
    expect(row_of(page, "Third")).to_be_focused()
    page.keyboard.press("e")
    expect(page.get_by_text("Nothing archived")).to_be_visible()
    page.keyboard.press("g")
    page.keyboard.press("n")
    expect(rows).to_have_count(3)


def test_older_notifications_come_as_the_user_scrolls(page, sign_in, of_ann, bob):
    tasks = [{"title": f"Task {number}", "assigned_to": bob.id} for number in range(31)]
    operations = [{"op": "create", "task": task} for task in tasks]
    assert of_ann.post("/api/task/bulk", data={"operations": operations}).ok
    sign_in(page, bob, "/tasks")
    expect(page.get_by_role("button", name="Notifications: 31 unread")).to_be_visible()

    page.goto(page.url.replace("/tasks", INBOX))
    rows = page.locator(".notification")
    expect(rows).to_have_count(30)
    rows.last.scroll_into_view_if_needed()
    expect(rows).to_have_count(31)


def test_a_refused_change_is_taken_back(page, sign_in, bob, assign, problems):
    assign("Paint the fence")
    sign_in(page, bob, INBOX)
    row = row_of(page, "Paint the fence")
    page.route("**/api/notifications/archive", lambda route: route.fulfill(status=403, body="{}"))
    row.hover()
    row.get_by_role("button", name="Archive").click()

    expect(page.get_by_role("status").filter(has_text="The change was not saved")).to_be_visible()
    expect(row).to_be_visible()
    expect(page.get_by_role("button", name="Notifications: 1 unread")).to_be_visible()
    # The browser logs the answer above.
    problems[:] = [one for one in problems if "403" not in one]


def test_why_a_mail_was_not_sent(page, sign_in, api_of, bob, assign, change, check_accessibility):
    task_id = assign("Paint the fence")
    preferences = {"updated": "off", "assigned": "digest"}
    assert api_of(bob).patch("/api/users/me/notifications", data=preferences).ok
    assign("Clean the brushes")
    sign_in(page, bob, f"{INBOX}/{task_id}")
    panel = page.get_by_role("complementary")
    change(task_id, priority="URGENT", due_date="2031-03-01")

    panel.get_by_text("Why did I (not) get a mail?").click()
    expect(panel.get_by_text("Mails of this kind are turned off.")).to_be_visible()
    expect(panel.get_by_text("Due date: none → Mar 1, 2031")).to_be_visible()
    panel.get_by_role("button", name="Mute this task").click()
    expect(panel.get_by_text("This task is muted")).to_be_visible()
    check_accessibility(page)
    change(task_id, status="COMPLETED")

    page.goto(f"{page.url.split(INBOX)[0]}{INBOX}?show=mails")
    log = page.locator(".ledger")
    expect(log).to_have_count(4)
    expect(log.nth(0)).to_contain_text("The task was muted.")
    expect(log.nth(2)).to_contain_text("Mails of this kind are collected in the daily digest.")
    check_accessibility(page)
    log.nth(0).get_by_role("button", name="Unmute this task").click()
    expect(page.get_by_text("The task is not muted any more.")).to_be_visible()
    log.nth(1).get_by_role("link", name="Change the mail notifications").click()
    expect(page.get_by_label("a task of mine is changed")).to_have_value("off")


def test_administrators_see_the_log_of_any_user(page, sign_in, add_user, bob, assign, check_accessibility):
    assign("Paint the fence")
    sign_in(page, add_user(is_admin=True), "/administration/mails")
    page.get_by_role("button", name=re.compile("^Log of a user")).click()
    page.get_by_role("combobox", name="Log of a user").press_sequentially(bob.username)
    page.get_by_role("option", name=re.compile(rf"^{bob.username}\b")).click()

    expect(page.locator(".ledger")).to_have_count(1)
    expect(page.locator(".ledger")).to_contain_text("Paint the fence")
    expect(page).to_have_url(re.compile(rf"\?user={bob.id}$"))
    check_accessibility(page)


def test_the_inbox_fits_a_phone_in_german_and_in_the_dark(new_page, bob, assign, change, check_accessibility):
    task_id = assign("שלום עולם " + "Donaudampfschifffahrtsgesellschaft " * 4)
    change(task_id, title="Ein anderer Titel", priority="LOW", status="COMPLETED")
    phone = {"width": 360, "height": 740}
    page = new_page(bob, "/tasks", viewport=phone, color_scheme="dark", has_touch=True)
    page.evaluate("localStorage.setItem('tms.language', 'de')")
    page.reload()

    page.get_by_role("button", name="Benachrichtigungen: 2 ungelesen").tap()
    menu = page.get_by_role("dialog", name="Benachrichtigungen")
    expect(menu.get_by_role("listitem").first).to_contain_text("3 Felder geändert")
    check_accessibility(page)
    menu.get_by_role("button", name="Alle Benachrichtigungen anzeigen").tap()
    expect(page.locator(".notification").first).to_contain_text("Status: Offen → Erledigt")
    check_accessibility(page)
    for view in ("Posteingang", "Mails"):
        page.get_by_role("button", name=view, exact=True).tap()
        assert page.evaluate("document.documentElement.scrollWidth") <= phone["width"]
        assert page.locator(".notifications__body").evaluate("body => body.scrollWidth <= body.clientWidth")
    page.get_by_role("link", name="E-Mail-Benachrichtigungen").tap()
    card = page.locator(".mail-preferences")
    expect(card.get_by_label("eine meiner Aufgaben geändert wird")).to_have_value("immediate")
    assert page.locator(".profile").evaluate("body => body.scrollWidth <= body.clientWidth")
    check_accessibility(page)
