"""The overview of the reports in a real browser."""

import re

from playwright.sync_api import Page, expect


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


def test_the_links_of_a_report_that_is_read_elsewhere_open_the_lists(page, sign_in, ann, many_tasks):
    sign_in(page, ann, "/reports/open?list=/api/task%3Fstatus%3DCOMPLETED")
    expect(page).to_have_url(re.compile(r"/tasks\?status=COMPLETED$"))
    expect(page.locator(".task-row[data-id]")).to_have_count(1)

    page.goto(f"{page.url.partition('/tasks')[0]}/reports/open?list=https://example.org/")
    expect(page.get_by_role("heading", name="This list cannot be shown on a page")).to_be_visible()


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


def test_the_styles_of_the_reports_are_loaded_with_their_page(page, sign_in, ann):
    sign_in(page, ann, "/tasks")
    expect(page.get_by_role("heading", name="Tasks", exact=True)).to_be_visible()
    styles = page.locator("link[rel=stylesheet][href*='/tms_reports/']")
    expect(styles).to_have_count(0)

    for name in ("Reports", "Tasks", "Reports"):
        page.get_by_role("navigation", name="Main navigation").get_by_role("link", name=name, exact=True).click()
        expect(page.get_by_role("heading", name=name, exact=True)).to_be_visible()

    expect(styles).to_have_count(1)
    expect(page.locator(".report")).to_have_css("overflow", "auto")


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

    expect(page.get_by_role("heading", name="Berichte", exact=True)).to_be_visible()
    expect(number(page, "overdue")).to_have_text("2")
    sections = {
        "Überblick": "Nach Status",
        "Verlauf": "Burndown",
        "Durchlauf": "Durchlaufzeit",
        "Auslastung": "Auslastung",
        "Hintergrund": "Berichte im Hintergrund",
        "Zeitpläne": "Geplante Berichte",
    }
    for name, heading in sections.items():
        page.get_by_role("navigation", name="Abschnitte der Berichte").get_by_role("link", name=name).click()
        expect(page.get_by_role("heading", name=heading, exact=True)).to_be_visible()
        expect(page.locator(".report .skeleton")).to_have_count(0)
        assert page.evaluate("document.documentElement.scrollWidth") == 360
        check_accessibility(page)
    page.emulate_media(media="print")
    expect(page.get_by_role("navigation")).to_have_count(0)
