"""Filters and the focus of the list, in a real browser."""

import re
from datetime import UTC, datetime, timedelta

from playwright.sync_api import Page, Route, expect

from tms_testing.web_pages import wait_until


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


# Counts what flashes and what glides to another place.
ANIMATIONS = """() => {
  globalThis.flashes = [];
  globalThis.moves = [];
  const animate = Element.prototype.animate;
  Element.prototype.animate = function (frames, options) {
    if (frames[0].backgroundColor) flashes.push(Number(this.dataset.id));
    if (frames[0].translate) moves.push(Number(this.dataset.id));
    return animate.call(this, frames, options);
  };
}"""


def test_a_change_of_another_flashes_and_moves_its_row_once(tasks, add_user, api_of):
    bob = api_of(add_user(is_admin=True))
    lower, upper = (bob.post("/api/task", data={"title": title}).json()["id"] for title in ("Lower", "Upper"))
    tasks.goto(tasks.url + "?ordering=-priority,title")
    expect(row(tasks, "Lower")).to_be_visible()
    expect(tasks.get_by_role("button", name=re.compile("^Live"))).to_be_visible()
    tasks.evaluate(ANIMATIONS)

    bob.patch(f"/api/task/{upper}", data={"priority": "URGENT"})
    expect(row(tasks, "Upper")).to_contain_text("Urgent")
    wait_until(tasks, "() => flashes.length > 0 && moves.length > 0")
    assert tasks.evaluate("flashes") == [upper]
    assert set(tasks.evaluate("moves")) >= {upper}
    assert len(tasks.evaluate("moves")) == len(set(tasks.evaluate("moves")))
    bob.patch(f"/api/task/{lower}", data={"title": "Lowest"})
    expect(row(tasks, "Lowest")).to_be_visible()
    wait_until(tasks, "() => flashes.length > 1")
    assert tasks.evaluate("flashes") == [upper, lower]


def test_the_count_is_announced_and_all_that_match_are_changed_in_steps(tasks, client):
    for part in range(2):
        operations = [{"op": "create", "task": {"title": f"Stone {part} {n}"}} for n in range(260)]
        client.post("/api/task/bulk", data={"operations": operations})
    client.post("/api/task", data={"title": "Pebble", "priority": "LOW"})
    region = tasks.get_by_role("region", name="Filters")
    tasks.goto(tasks.url + "?creator=me")
    expect(row(tasks, "Pebble")).to_be_visible()
    region.get_by_role("button", name=re.compile("^Priority")).click()
    tasks.get_by_role("option", name="Medium").click()
    expect(tasks.locator("[aria-live=polite]", has_text="520 tasks")).to_have_count(1)
    expect(row(tasks, "Pebble")).to_have_count(0)
    tasks.keyboard.press("Escape")

    tasks.get_by_role("checkbox", name="Select all loaded tasks").check()
    bar = tasks.get_by_role("toolbar", name="Change the selected tasks")
    expect(bar).to_contain_text("100 selected")
    pages = Hold(tasks, re.compile(r"/api/task\?.*cursor=[^&]"))
    bar.get_by_role("button", name="Select all 520 tasks").click()
    expect(bar).to_contain_text("Loading 100 of 520")
    bar.get_by_role("button", name="Cancel").click()
    pages.release()
    expect(bar.get_by_role("button", name="Cancel")).to_have_count(0)
    expect(bar).to_contain_text("100 selected")
    tasks.get_by_role("checkbox", name="Select all loaded tasks").check()
    bar.get_by_role("button", name="Select all 520 tasks").click()
    expect(bar).to_contain_text("520 selected")

    # The second step is not sent after Cancel.
    steps = Hold(tasks, re.compile("/api/task/bulk"))
    bar.get_by_role("button", name="Priority").click()
    tasks.get_by_role("option", name="High").click()
    expect(bar).to_contain_text("Changed 0 of 520")
    bar.get_by_role("button", name="Cancel").click()
    steps.release()
    expect(bar.get_by_role("button", name="Cancel")).to_have_count(0)
    changed = client.get("/api/task", params={"priority": "HIGH", "created_by": "me", "page_size": 1}).json()
    assert changed["count"] == 500


class Hold:
    """Keeps requests of a page until they are released."""

    def __init__(self, page: Page, url: re.Pattern):
        self._page, self._url = page, url
        self._held: list[Route] = []
        # Playwright takes no built-in function.
        page.route(url, lambda route: self._held.append(route))

    def release(self) -> None:
        for route in self._held:
            route.continue_()
        self._page.unroute(self._url)
