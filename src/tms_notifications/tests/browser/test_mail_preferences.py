"""The section of the profile with the mail preferences, in a real browser."""

import pytest
from playwright.sync_api import expect


@pytest.fixture
def ann(add_user):
    return add_user()


@pytest.fixture
def client(api_of, ann):
    return api_of(ann)


PATH = "/api/users/me/notifications"


def test_preferences_are_saved_at_once(page, sign_in, ann, client, check_accessibility):
    sign_in(page, ann, "/profile/notifications")
    due = page.get_by_label("tasks of mine are due today or tomorrow")
    expect(due).to_have_value("immediate")
    check_accessibility(page)

    due.select_option("Off")
    page.get_by_label("a task of mine is changed").select_option("Daily digest")
    page.get_by_label("Send mails about changes that I make myself").uncheck()
    expect(page.locator(".mail-preferences__saved")).to_be_visible()
    language = page.get_by_label("Language of mails")
    expect(language).to_have_value("")
    language.select_option("Deutsch")
    zone = page.get_by_role("button", name="Time zone: Same as the server (Europe/Berlin)")
    zone.press("Enter")
    page.get_by_role("combobox", name="Time zone").press_sequentially("auckl")
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Time zone: Pacific/Auckland")).to_be_focused()
    expect(page.locator(".mail-preferences__saved")).to_be_visible()

    expected = {"assigned": "immediate", "updated": "digest", "due_soon": "off", "own_changes": False}
    assert client.get(PATH).json() == {**expected, "timezone": "Pacific/Auckland", "language": "de"}
    # The pages use the zone of the account, on every device.
    page.reload()
    expect(due).to_have_value("off")
    page.get_by_role("link", name="Date and time").click()
    expect(page.get_by_role("button", name="Time zone: Pacific/Auckland")).to_be_visible()


def test_muted_tasks_are_listed_and_unmuted(page, sign_in, ann, client, check_accessibility):
    task_id = client.post("/api/task/", data={"title": "Paint the fence"}).json()["id"]
    assert client.put(f"/api/task/{task_id}/mute").ok
    sign_in(page, ann, "/profile/notifications")
    muted = page.get_by_role("list", name="Muted tasks").get_by_role("listitem")
    expect(muted).to_contain_text("Paint the fence")
    check_accessibility(page)

    with page.expect_response("**/mute"):
        page.get_by_role("button", name="Unmute “Paint the fence”").click()
    expect(page.get_by_text("No task is muted.")).to_be_visible()
    assert client.get("/api/users/me/muted-tasks").json()["results"] == []


def test_a_refused_change_is_taken_back_with_the_reason(page, sign_in, ann, client, problems, check_accessibility):
    sign_in(page, ann, "/profile/notifications")
    changes = page.get_by_label("a task of mine is changed")
    # Before, the route would refuse to show them.
    expect(changes).to_be_visible()
    page.route(f"**{PATH}", lambda route: route.fulfill(status=403, content_type="application/problem+json", body="{}"))

    changes.select_option("Off")
    expect(page.get_by_role("alert")).to_contain_text("The change was not saved")
    expect(changes).to_have_value("immediate")
    check_accessibility(page)

    page.unroute(f"**{PATH}")
    changes.select_option("Off")
    expect(page.get_by_role("alert")).to_have_count(0)
    expect(page.locator(".mail-preferences__saved")).to_be_visible()
    assert client.get(PATH).json()["updated"] == "off"
    # The browser logs the answer above.
    problems[:] = [one for one in problems if "403" not in one]
