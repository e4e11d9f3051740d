"""What the package adds to the pages of the web UI: who looks at which task, and the state of the connection."""

import pytest
from playwright.sync_api import Page, expect

from tms_testing.served import served_settings


@pytest.fixture(scope="module")
def packages():
    return ("tms_api", "tms_realtime", "tms_web")


@pytest.fixture(scope="module")
def settings():
    return served_settings()


@pytest.fixture
def ann(add_user):
    return add_user()


@pytest.fixture
def bob(add_user):
    return add_user()


@pytest.fixture
def task(api_of, ann) -> int:
    return api_of(ann).post("/api/task", data={"title": "Paint the fence"}).json()["id"]


def badge(page: Page, task: int):
    return page.locator(f".task-row[data-id='{task}'] .viewers")


def test_others_who_look_at_a_task_are_shown_in_its_row_and_in_its_panel(
    page, new_page, sign_in, ann, bob, task, check_accessibility
):
    sign_in(page, ann, "/tasks")
    expect(page.get_by_role("link", name="Paint the fence")).to_be_visible()
    expect(badge(page, task)).to_have_count(0)

    other = new_page(bob, f"/tasks/{task}")
    expect(badge(page, task)).to_contain_text(f"{bob.username} is looking at this task, too")
    check_accessibility(page)

    page.get_by_role("link", name="Paint the fence").click()
    for one, seen in ((page, bob), (other, ann)):
        expect(one.get_by_role("complementary").locator(".viewers")).to_contain_text(seen.username)
        # Nobody is told of themselves.
        expect(one.get_by_role("complementary").locator(".viewers .avatar")).to_have_count(1)
    other.get_by_role("complementary").get_by_role("button", name="Close").click()
    expect(page.locator(".viewers")).to_have_count(0)
    expect(badge(other, task)).to_contain_text(ann.username)


def test_the_header_shows_the_state_and_pages_are_refreshed_without_a_connection(
    page, sign_in, ann, api_of, served_realtime, problems, check_accessibility
):
    page.clock.install()
    sign_in(page, ann, "/tasks")
    state = page.locator("button.connection")
    expect(state).to_have_accessible_name("Live: Changes of others appear as they happen.")

    served_realtime.kill()
    expect(state).to_contain_text("Delayed")
    check_accessibility(page)
    api_of(ann).post("/api/task", data={"title": "Sweep the yard"})
    page.clock.fast_forward(20_000)
    expect(page.get_by_role("link", name="Sweep the yard")).to_be_visible()

    served_realtime.start()
    page.evaluate("globalThis.dispatchEvent(new Event('online'))")
    expect(state).to_contain_text("Live")
    # The browser logs sockets that fail.
    problems[:] = [one for one in problems if "WebSocket" not in one]
