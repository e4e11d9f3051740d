"""Without a connection: nothing that was typed is lost, and what was changed is sent later."""

import pytest
from playwright.sync_api import Page, expect

from tms_testing.web_pages import wait_until


@pytest.fixture
def offline(tasks: Page, problems):
    """A function that takes the page's connection away, or gives it back."""

    def run(is_offline: bool = True) -> None:
        tasks.context.set_offline(is_offline)
        if is_offline:
            expect(tasks.get_by_text("You are offline.")).to_be_visible()

    yield run
    # The browser logs every request that gets no answer, or the answer of a conflict.
    problems[:] = [text for text in problems if "ERR_INTERNET_DISCONNECTED" not in text and " 412 " not in text]


def row(page: Page, title: str):
    return page.get_by_role("row").filter(has_text=title)


def add(page: Page, line: str) -> None:
    field = page.get_by_label("New task", exact=True)
    field.fill(line)
    field.press("Enter")


def description(page: Page):
    return page.get_by_role("complementary").get_by_role("textbox", name="Description")


def test_changes_made_offline_are_shown_and_sent_later(tasks, client, offline):
    task = client.post("/api/task", data={"title": "Sweep the yard"}).json()
    expect(row(tasks, "Sweep the yard")).to_be_visible()
    offline()

    add(tasks, "Rake the leaves")
    expect(row(tasks, "Rake the leaves")).to_be_visible()
    row(tasks, "Sweep the yard").get_by_role("button", name="Status: Pending").click()
    tasks.get_by_role("option", name="Completed").click()
    expect(row(tasks, "Sweep the yard")).to_contain_text("Completed")
    expect(tasks.get_by_text("2 changes will be sent")).to_be_visible()
    assert client.get("/api/task", params={"q": "leaves"}).json()["count"] == 0

    offline(False)
    expect(tasks.get_by_text("You are offline.")).to_have_count(0)
    expect(row(tasks, "Rake the leaves").get_by_role("link")).to_be_visible()
    assert client.get("/api/task", params={"q": "leaves"}).json()["count"] == 1
    assert client.get(f"/api/task/{task['id']}").json()["status"] == "COMPLETED"


IS_QUEUE_FREE = """() => navigator.locks.query()
    .then(locks => !locks.held.some(lock => lock.name.startsWith("tms queue")))"""


def test_changes_made_offline_outlive_the_page(tasks, client, offline, served_api):
    offline()
    add(tasks, "Wax the floor")
    expect(tasks.get_by_text("1 change will be sent")).to_be_visible()
    context = tasks.context
    tasks.close()

    context.set_offline(False)
    page = context.new_page()
    # A tab that is not quite gone keeps its changes until the next start.
    page.goto(f"{served_api}/api/health")
    wait_until(page, IS_QUEUE_FREE)
    page.goto(f"{served_api}/tasks")

    expect(row(page, "Wax the floor").get_by_role("link")).to_be_visible()
    assert client.get("/api/task", params={"q": "wax"}).json()["count"] == 1


def test_a_conflict_made_offline_is_shown_and_either_side_can_be_taken(tasks, client, offline):
    task = client.post("/api/task", data={"title": "Mend the roof", "description": "Tiles"}).json()
    row(tasks, "Mend the roof").get_by_role("link").click()
    tasks.get_by_role("button", name="Edit", exact=True).click()
    expect(description(tasks)).to_be_focused()
    offline()
    description(tasks).fill("Mine")
    tasks.get_by_label("Title").focus()
    expect(tasks.get_by_text("1 change will be sent")).to_be_visible()
    client.patch(f"/api/task/{task['id']}", data={"description": "Theirs"})

    offline(False)
    conflict = tasks.get_by_role("region", name="Conflict")
    expect(conflict).to_contain_text("Theirs")
    conflict.get_by_text("Theirs", exact=True).first.click()
    assert client.get(f"/api/task/{task['id']}").json()["description"] == "Theirs"
    conflict.get_by_text("Yours", exact=True).first.click()
    conflict.get_by_role("button", name="Save the choice").click()

    expect(conflict).to_have_count(0)
    expect(tasks.get_by_role("complementary").get_by_text("changed the description", exact=False)).to_have_count(2)
    assert client.get(f"/api/task/{task['id']}").json()["description"] == "Mine"


def test_what_is_being_typed_outlives_a_reload(tasks, client):
    task = client.post("/api/task", data={"title": "Write the report"}).json()
    tasks.get_by_label("New task", exact=True).fill("Half a task")
    row(tasks, "Write the report").get_by_role("link").click()
    tasks.get_by_role("button", name="Edit", exact=True).click()
    description(tasks).fill("Half a sentence")
    client.patch(f"/api/task/{task['id']}", data={"priority": "URGENT"})
    expect(tasks.get_by_role("complementary")).to_contain_text("Urgent")
    expect(description(tasks)).to_have_value("Half a sentence")

    tasks.reload()

    expect(description(tasks)).to_have_value("Half a sentence")
    expect(tasks.get_by_label("New task", exact=True)).to_have_value("Half a task")
    assert client.get(f"/api/task/{task['id']}").json()["description"] == ""
    description(tasks).press("Control+Enter")
    expect(tasks.get_by_role("complementary").locator(".markdown")).to_have_text("Half a sentence")
    tasks.reload()
    expect(tasks.get_by_role("complementary").locator(".markdown")).to_have_text("Half a sentence")


def test_a_server_that_is_away_at_the_start_is_waited_for(tasks, client, problems):
    client.post("/api/task", data={"title": "Feed the cat"})
    expect(row(tasks, "Feed the cat")).to_be_visible()
    tasks.context.route("**/api/**", lambda route: route.abort())
    tasks.reload()
    retry = tasks.get_by_role("button", name="Try again")
    expect(retry).to_be_visible()

    tasks.context.unroute("**/api/**")
    retry.click()
    expect(row(tasks, "Feed the cat")).to_be_visible()
    problems[:] = [text for text in problems if "ERR_FAILED" not in text]
