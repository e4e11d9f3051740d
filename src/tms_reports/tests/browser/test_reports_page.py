"""The page of the report in a real browser."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import Page, expect

from tms_testing.served import served_settings


@pytest.fixture(scope="module")
def packages():
    return ("tms_api", "tms_reports", "tms_realtime", "tms_notifications", "tms_web")


@pytest.fixture(scope="module")
def is_shared():
    return True


@pytest.fixture(scope="module")
def settings():
    # Every test has a user of its own, and with that a report of its own.
    return served_settings(**{"tms.visibility": "private"})


@pytest.fixture
def ann(add_user):
    return add_user()


@pytest.fixture
def client(api_of, ann):
    return api_of(ann)


def day(distance: int) -> str:
    return (datetime.now(UTC).date() + timedelta(days=distance)).isoformat()


@pytest.fixture
def many_tasks(client, ann, add_user):
    """Tasks of all kinds, created by ann."""
    bob = add_user()
    tasks = [
        {"title": "Late", "due_date": day(-1), "assigned_to": ann.id, "priority": "URGENT"},
        {"title": "Late and begun", "due_date": day(-40), "status": "IN_PROGRESS", "assigned_to": bob.id},
        {"title": "Late but done", "due_date": day(-2), "status": "COMPLETED", "assigned_to": bob.id},
        {"title": "Today", "due_date": day(0), "assigned_to": bob.id},
        {"title": "Tomorrow", "due_date": day(1), "priority": "HIGH"},
        {"title": "Tomorrow and begun", "due_date": day(1), "status": "IN_PROGRESS"},
        {"title": "In a week", "due_date": day(7)},
        {"title": "Old", "status": "ARCHIVED", "priority": "LOW"},
    ]
    operations = [{"op": "create", "task": task} for task in tasks]
    assert client.post("/api/task/bulk", data={"operations": operations}).ok
    return bob


def number(page: Page, name: str):
    return page.locator(f".report__tile[data-name={name}] .report__number")


def open_and_count(page: Page, link) -> None:
    """Follow the link of a number to a list of as many tasks, and go back."""
    count = int(link.inner_text())
    link.click()
    expect(page.get_by_role("heading", name="Tasks", exact=True)).to_be_visible()
    expect(page.locator(".task-row[data-id]")).to_have_count(count)
    page.go_back()
    expect(page.get_by_role("heading", name="Reports", exact=True)).to_be_visible()


def test_every_number_opens_the_list_of_exactly_its_tasks(page, sign_in, ann, many_tasks, check_accessibility):
    sign_in(page, ann, "/tasks")
    page.get_by_role("link", name="Reports").click()
    page.get_by_role("heading", name="Reports", exact=True).wait_for()

    names = ("total", "completed", "pending", "overdue", "dueSoon", "unassigned")
    assert [int(number(page, name).inner_text()) for name in names] == [8, 1, 4, 2, 2, 4]
    links = page.locator(".report a")
    # Six tiles, four statuses, four priorities, two assignees, one creator.
    expect(links).to_have_count(17)
    check_accessibility(page)
    for index in (3, 4, 5, 6, 10, 14, 16):
        expect(links).to_have_count(17)
        open_and_count(page, links.nth(index))


def test_the_report_follows_changes_and_its_filters_are_the_address(page, sign_in, ann, client, many_tasks):
    sign_in(page, ann, "/reports?priority=HIGH,LOW")
    expect(number(page, "total")).to_have_text("2")
    expect(page.get_by_text("As of")).to_be_visible()

    assert client.post("/api/task", data={"title": "Another", "priority": "HIGH"}).ok
    expect(number(page, "total")).to_have_text("3")

    page.get_by_role("button", name="Remove filter Priority").click()
    expect(number(page, "total")).to_have_text("9")
    expect(page).to_have_url(re.compile(r"/reports$"))
    page.go_back()
    expect(number(page, "total")).to_have_text("3")
    # Zero is no link.
    expect(number(page, "completed")).to_have_text("0")
    expect(page.locator(".report__tile[data-name=completed] a")).to_have_count(0)


def test_a_report_without_tasks_and_one_that_fails_say_what_to_do(page, sign_in, ann, problems, check_accessibility):
    page.route("**/api/task-report-insight*", lambda route: route.fulfill(status=500, body="{}"))
    sign_in(page, ann, "/reports")
    expect(page.get_by_role("alert")).to_contain_text("Try again")
    check_accessibility(page)

    page.unroute("**/api/task-report-insight*")
    page.get_by_role("button", name="Try again").click()
    expect(page.get_by_role("heading", name="Nothing to count yet")).to_be_visible()
    check_accessibility(page)
    # The browser logs the answer above.
    problems[:] = [one for one in problems if "500" not in one]


def test_the_report_fits_a_phone_in_the_dark_and_in_german(new_page, ann, many_tasks, check_accessibility, sign_in):
    page = new_page(ann, "/reports", viewport={"width": 360, "height": 740}, color_scheme="dark")
    expect(number(page, "total")).to_have_text("8")
    page.evaluate("localStorage.setItem('tms.language', 'de')")
    page.reload()

    expect(page.get_by_role("heading", name="Berichte")).to_be_visible()
    expect(number(page, "overdue")).to_have_text("2")
    assert page.evaluate("document.documentElement.scrollWidth") == 360
    check_accessibility(page)
    page.emulate_media(media="print")
    expect(page.get_by_role("navigation")).to_have_count(0)
