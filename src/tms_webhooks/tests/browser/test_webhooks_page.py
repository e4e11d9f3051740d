"""The section of the profile with webhooks, in a real browser."""

import re

import pytest
from playwright.sync_api import expect
from sqlalchemy import text

from tms_testing.served import served_settings


@pytest.fixture(scope="module")
def packages():
    return ("tms_api", "tms_webhooks", "tms_web")


@pytest.fixture(scope="module")
def settings():
    return served_settings()


@pytest.fixture
def ann(add_user):
    return add_user()


@pytest.fixture
def client(api_of, ann):
    return api_of(ann)


@pytest.fixture
def runtime(_system):
    return _system[0]


@pytest.fixture
def dead_letter(client, runtime):
    """A failing webhook with a dead letter."""
    made = client.post("/api/webhooks", data={"url": "https://hooks.example.com/fails"}).json()
    with runtime.transaction() as session:
        session.execute(
            text(
                "UPDATE webhook_endpoint SET failures = 7, failing_since = now() - interval '1 day',"
                " paused_until = now() + interval '5 minutes', last_error = 'answered 500' WHERE id = :id"
            ),
            {"id": made["id"]},
        )
        session.execute(
            text(
                "INSERT INTO webhook_delivery (webhook_id, type, position, task_id, status, attempts, attempted_at,"
                " duration_ms, response_status, response_excerpt)"
                " VALUES (:id, 'task.updated', 4711, 42, 'dead', 14, now(), 120, 500, 'out of order')"
            ),
            {"id": made["id"]},
        )
    return made


def test_a_webhook_is_made_changed_and_deleted(page, sign_in, ann, client, problems, check_accessibility):
    sign_in(page, ann, "/profile/webhooks")
    page.get_by_role("button", name="New webhook").press("Enter")
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_label("URL")).to_be_focused()
    check_accessibility(page)

    page.keyboard.type("https://127.0.0.1/hook")
    page.keyboard.press("Enter")
    expect(dialog).to_contain_text("This host is not reachable from the Internet.")
    expect(dialog.get_by_label("URL")).to_be_focused()
    dialog.get_by_label("URL").fill("https://hooks.example.com/tms")
    dialog.get_by_label("A task is deleted").uncheck()
    dialog.get_by_role("button", name="Priority: Any").click()
    page.get_by_role("option", name="Urgent").click()
    page.keyboard.press("Escape")
    dialog.get_by_role("button", name="Create", exact=True).click()

    secret = dialog.get_by_label("Secret")
    expect(secret).to_have_value(re.compile("^whsec_"))
    check_accessibility(page)
    dialog.get_by_role("button", name="Close").last.click()
    row = page.get_by_role("listitem").filter(has_text="hooks.example.com/tms")
    expect(row).to_contain_text("created, changed · filtered")
    expect(row).to_contain_text("Active")
    (made,) = client.get("/api/webhooks").json()["results"]
    assert (made["events"], made["filter"]) == (["created", "updated"], {"priority": ["URGENT"]})
    check_accessibility(page)

    more = page.get_by_role("button", name="More actions: https://hooks.example.com/tms")
    more.press("ArrowDown")
    page.get_by_role("menuitem", name="Send a test").press("Enter")
    row.get_by_role("button", name="Deliveries").click()
    expect(page.get_by_role("list", name="Deliveries").get_by_role("listitem")).to_contain_text("Test")
    more.click()
    page.get_by_role("menuitem", name="Delete").click()
    page.get_by_role("dialog").get_by_role("button", name="Delete").click()
    expect(page.get_by_role("heading", name="No webhooks yet")).to_be_visible()
    assert client.get("/api/webhooks").json()["results"] == []
    # The browser logs the refused URL.
    problems[:] = [one for one in problems if "400" not in one]


def test_a_dead_letter_is_sent_again_on_a_dark_phone_in_german(
    new_page, ann, client, runtime, dead_letter, check_accessibility
):
    phone = {"width": 360, "height": 740}
    page = new_page(ann, "/profile/webhooks", viewport=phone, color_scheme="dark")
    page.evaluate("localStorage.setItem('tms.language', 'de')")
    page.reload()

    expect(page.get_by_text("answered 500")).to_be_visible()
    expect(page.get_by_text("Gestört")).to_be_visible()
    page.get_by_role("button", name="Zustellungen").click()
    page.get_by_role("button", name="Aufgegeben").click()
    expect(page.get_by_text("Antwort 500 nach 120 ms")).to_be_visible()
    expect(page.get_by_text("out of order")).to_be_visible()
    check_accessibility(page)
    assert page.evaluate("document.documentElement.scrollWidth") <= phone["width"]

    page.get_by_role("button", name="Erneut senden").click()
    expect(page.get_by_role("heading", name="Keine Zustellungen")).to_be_visible()
    page.get_by_role("button", name="Wartend").click()
    expect(page.get_by_text("Ereignis 4711")).to_be_visible()
    with runtime.transaction() as session:
        status = session.execute(text("SELECT status::text FROM webhook_delivery WHERE position = 4711")).scalar_one()
    assert status == "waiting"


def test_administrators_see_the_webhooks_of_all_users(page, sign_in, add_user, dead_letter, ann, check_accessibility):
    root = add_user(is_admin=True)
    sign_in(page, root, "/administration/webhooks")

    row = page.get_by_role("listitem").filter(has_text=f"of {ann.username}")
    expect(row).to_contain_text("Failing")
    check_accessibility(page)
    row.get_by_role("button", name="More actions").click()
    page.get_by_role("menuitem", name="Turn off").click()
    expect(row).to_contain_text("Turned off")
