"""Filters and the focus of the list, in a real browser."""

import re
from datetime import UTC, datetime, timedelta

from playwright.sync_api import Page, expect


def row(page: Page, title: str):
    return page.get_by_role("row").filter(has=page.get_by_role("link", name=title, exact=True))


def in_days(days: int) -> str:
    return (datetime.now(UTC).date() + timedelta(days=days)).isoformat()


def test_a_range_of_due_dates_is_in_the_address(tasks, client, check_accessibility):
    for title, days in (("Soon", 3), ("Later", 40), ("Much later", 90)):
        client.post("/api/task", data={"title": title, "due_date": in_days(days)})
    chip = tasks.get_by_role("region", name="Filters").get_by_role("button", name=re.compile("^Due date"))

    chip.click()
    tasks.get_by_role("option", name="Other range").click()
    expect(tasks.get_by_label("First day")).to_be_focused()
    check_accessibility(tasks)
    tasks.get_by_label("First day").fill(in_days(30))
    tasks.get_by_label("Last day").fill(in_days(50))
    tasks.get_by_role("button", name="Show tasks").click()

    expect(row(tasks, "Later")).to_be_visible()
    expect(row(tasks, "Soon")).to_have_count(0)
    expect(tasks).to_have_url(re.compile(rf"due={in_days(30)}\.\.{in_days(50)}$"))
    expect(chip).to_be_focused()
    tasks.go_back()
    expect(row(tasks, "Soon")).to_be_visible()
    tasks.go_forward()
    expect(row(tasks, "Soon")).to_have_count(0)
    tasks.reload()
    expect(row(tasks, "Later")).to_be_visible()
    expect(row(tasks, "Much later")).to_have_count(0)


def test_the_focus_goes_to_the_next_row_when_one_leaves(tasks, client):
    for title in ("Third", "Second", "First"):
        client.post("/api/task", data={"title": title, "priority": "LOW"})
    tasks.goto(tasks.url + "?status=PENDING&priority=LOW&ordering=title")
    expect(row(tasks, "Third")).to_be_visible()

    # All letters at once, as by somebody who knows the keys.
    tasks.keyboard.type("jscompl")
    field = tasks.get_by_role("combobox", name="Change status")
    expect(field).to_have_value("compl")
    field.press("Enter")
    expect(row(tasks, "First")).to_have_count(0)
    expect(row(tasks, "Second")).to_be_focused()

    tasks.keyboard.press("x")
    tasks.get_by_role("toolbar").get_by_role("button", name="Delete").click()
    tasks.get_by_role("dialog").get_by_role("button", name="Delete").click()
    expect(row(tasks, "Second")).to_have_count(0)
    expect(row(tasks, "Third")).to_be_focused()
