"""The profile, the pages of mailed links, and sessions that end elsewhere."""

import re

import pytest
from playwright.sync_api import Locator, Page, expect
from sqlalchemy import select

from tms_core.models import LinkPurpose, User
from tms_core.services.account_links import AccountLinkService
from tms_testing.fixtures import PASSWORD
from tms_testing.web_pages import wait_until

NEW = "a-much-longer-word"
ENDED = "You have been signed out"
PHONE = {"width": 360, "height": 740}
SECTIONS = (
    "Name",
    "E-mail address",
    "Password",
    "Appearance",
    "Date and time",
    "Sessions",
    "API tokens",
    "Delete account",
)
IS_REFUSED = """access => fetch("/api/users/me", { headers: { Authorization: `Bearer ${access}` } })
    .then(response => response.status === 401)"""


@pytest.fixture
def profile(page, sign_in, ann) -> Page:
    return sign_in(page, ann, "/profile")


@pytest.fixture
def link_of(_system):
    """Creates a mailed link of a user and returns its token: `link_of(ann, LinkPurpose.PASSWORD_RESET)`."""
    runtime = _system[0]

    def make(user, purpose: LinkPurpose, old_email: str | None = None) -> str:
        with runtime.transaction() as session:
            links = AccountLinkService(session, runtime.core.jwt_key)
            account = session.scalars(select(User).where(User.id == user.id)).one()
            link = links.create_for_change(account, old_email) if old_email else links.create(purpose, account.email)
            return links.token(link.id)

    return make


@pytest.fixture(autouse=True)
def forgive(problems):
    """Ignores the messages of the browser about requests refused with a status, also late ones: `forgive(401)`."""
    texts: list[str] = []
    yield lambda *statuses: texts.extend(f"status of {status} " for status in statuses)
    # Requested first, so that the pages are closed now.
    problems[:] = [one for one in problems if not any(text in one for text in texts)]


def open_section(page: Page, name: str) -> Locator:
    page.get_by_role("navigation", name="Sections of the profile").get_by_role("link", name=name, exact=True).click()
    heading = page.get_by_role("heading", name=name, exact=True)
    expect(heading).to_be_focused()
    return page.locator(".profile__content")


def sign_in_again(page: Page, user, password: str = PASSWORD) -> None:
    page.get_by_label("User name").fill(user.username)
    page.get_by_label("Password", exact=True).fill(password)
    page.get_by_role("button", name="Sign in").click()


def test_names_and_address_are_changed(tasks, client, ann, forgive):
    tasks.get_by_role("button", name=re.compile("^Account and settings")).click()
    tasks.get_by_role("menuitem", name="Profile").click()
    expect(tasks.get_by_role("heading", name="Profile", exact=True)).to_be_focused()
    tasks.get_by_label("First name").fill("Ann")
    # Changes made on another device show, but never in place of what is being typed.
    client.patch("/api/users/me", data={"last_name": "Lee"})
    tasks.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    expect(tasks.get_by_role("button", name="Account and settings: Lee")).to_be_visible()
    expect(tasks.get_by_label("First name")).to_have_value("Ann")
    tasks.get_by_label("Last name").fill("Lee-Smith")
    tasks.get_by_role("button", name="Save").click()
    expect(tasks.get_by_role("button", name="Account and settings: Ann Lee-Smith")).to_be_visible()

    email = open_section(tasks, "E-mail address")
    email.get_by_label("New e-mail address").fill(f"new-{ann.username}@example.com")
    email.get_by_label("Current password").fill("wrong")
    email.get_by_role("button", name="Change address").click()
    expect(email.get_by_text("This is not your current password.")).to_be_visible()
    expect(email.get_by_label("Current password")).to_be_focused()
    forgive(403)
    email.get_by_label("Current password").fill(PASSWORD)
    email.get_by_role("button", name="Change address").click()
    expect(email.get_by_text(f"new-{ann.username}@example.com")).to_be_visible()
    expect(email.get_by_text("Not confirmed yet")).to_be_visible()
    email.get_by_role("button", name="Send a new link").click()
    expect(email.get_by_text(f"A link is on its way to new-{ann.username}@example.com.")).to_be_visible()

    me = client.get("/api/users/me").json()
    assert (me["first_name"], me["last_name"]) == ("Ann", "Lee-Smith")
    assert (me["email"], me["email_verified"]) == (f"new-{ann.username}@example.com", False)


def test_a_mailed_link_proves_the_address_once(profile, ann, client, link_of, served_api, forgive):
    open_section(profile, "E-mail address")
    token = link_of(ann, LinkPurpose.EMAIL_VERIFICATION)
    profile.goto(f"{served_api}/verify-email#token={token}")
    button = profile.get_by_role("button", name="Yes, this address is mine")
    expect(button).to_be_visible()
    assert profile.url == f"{served_api}/verify-email"
    profile.reload()
    button.wait_for()
    assert not client.get("/api/users/me").json()["email_verified"]

    button.click()
    expect(profile.get_by_text("Your address is confirmed.")).to_be_visible()
    assert client.get("/api/users/me").json()["email_verified"]
    profile.goto(f"{served_api}/profile/email")
    expect(profile.get_by_text("Confirmed", exact=True)).to_be_visible()
    profile.goto(f"{served_api}/verify-email#token={token}")
    button.click()
    expect(profile.get_by_text("This link has been used already")).to_be_visible()
    expect(profile.get_by_text("is confirmed already")).to_be_visible()
    # Another link, opened in the tab that shows the same page.
    token = link_of(ann, LinkPurpose.EMAIL_VERIFICATION)
    profile.goto(f"{served_api}/verify-email#token={token}")
    expect(button).to_be_visible()
    expect(profile.get_by_role("heading", level=1)).to_be_focused()
    assert profile.url == f"{served_api}/verify-email"
    with profile.expect_request("**/api/email-verification/confirm") as request:
        button.click()
    assert request.value.post_data_json == {"token": token}
    expect(button).to_have_count(0)
    profile.reload()
    expect(profile.get_by_text("The address lacks a part.")).to_be_visible()
    forgive(400)


def test_a_new_password_is_set_by_mail(
    page, served_realtime, served_api, add_user, link_of, forgive, check_accessibility
):
    bob = add_user()
    token = link_of(bob, LinkPurpose.PASSWORD_RESET)
    page.goto(f"{served_api}/reset-password#token={token}")
    page.get_by_label("New password").fill("short")
    page.get_by_role("button", name="Set the password").click()
    expect(page.get_by_label("New password")).to_have_attribute("aria-invalid", "true")
    check_accessibility(page)
    page.get_by_label("New password").fill(NEW)
    page.get_by_role("button", name="Set the password").click()
    expect(page.get_by_text("Your password is set")).to_be_visible()
    assert page.url == f"{served_api}/sign-in"
    sign_in_again(page, bob, NEW)
    expect(page.get_by_role("heading", name="Tasks", exact=True)).to_be_visible()

    page.goto(f"{served_api}/reset-password#token={token}x")
    page.get_by_label("New password").fill(NEW)
    page.get_by_role("button", name="Set the password").click()
    expect(page.get_by_text("This link is not valid.")).to_be_visible()
    forgive(400)


def test_a_change_of_address_is_undone_by_mail(profile, ann, client, link_of, served_api, forgive):
    # The live connection may notice the end of the session first.
    forgive(401)
    client.patch("/api/users/me", data={"email": f"b-{ann.username}@example.com", "current_password": PASSWORD})
    token = link_of(ann, LinkPurpose.EMAIL_CHANGE, f"{ann.username}@example.com")
    profile.goto(f"{served_api}/undo-email-change#token={token}")
    profile.get_by_role("button", name="Restore my address").click()

    expect(profile.get_by_text("Your account has its previous e-mail address again")).to_be_visible()
    expect(profile).to_have_url(f"{served_api}/sign-in")
    # Access tokens stop working within a second.
    wait_until(profile, IS_REFUSED, ann.access)


def test_a_new_password_signs_other_devices_out(profile, ann, client, new_page, forgive):
    task = client.post("/api/task", data={"title": "Paint the shed"}).json()
    other = new_page(ann, f"/tasks/{task['id']}")
    other.get_by_role("button", name="Edit", exact=True).click()
    other.get_by_label("Description", exact=True).fill("In **green**")
    password = open_section(profile, "Password")
    password.get_by_label("New password").fill("four")
    expect(password.get_by_text("4 more characters")).to_be_visible()
    password.get_by_label("New password").fill(NEW)
    expect(password.get_by_text("Long enough.")).to_be_visible()
    password.get_by_label("Current password").fill(PASSWORD)
    password.get_by_role("button", name="Change password").click()
    expect(profile.get_by_text("Your password is changed")).to_be_visible()
    open_section(profile, "Name")

    # The page that was left open says what happened, and keeps what was typed.
    expect(other.get_by_text(ENDED)).to_be_visible()
    expect(other.get_by_text("1 change is kept in this browser")).to_be_visible()
    assert client.get("/api/users/me").status == 401
    sign_in_again(other, ann, NEW)
    expect(other.get_by_role("complementary").locator("strong", has_text="green")).to_be_visible()
    forgive(401)


def test_sessions_are_ended_one_by_one_and_all_at_once(profile, ann, client, served_api, new_page, forgive):
    body = {"name": "Nightly backup", "scopes": ["tasks:read"], "expires_at": None}
    headers = {"Authorization": f"Bearer {client.post('/api/api-tokens', data=body).json()['token']}"}
    other = new_page(ann, "/tasks")
    section = open_section(profile, "Sessions")
    rows = section.get_by_role("listitem")
    # The fixture's, this one and the other one.
    expect(rows).to_have_count(3)
    expect(rows.first).to_contain_text("This browser")
    expect(rows.first).to_contain_text("Chrome on Linux")
    rows.nth(1).get_by_role("button", name="End session").click()
    expect(rows).to_have_count(2)
    expect(other.get_by_text(ENDED)).to_be_visible()
    expect(other).to_have_url(re.compile(r"/sign-in\?return=%2Ftasks$"))
    sign_in_again(other, ann)
    expect(other.get_by_role("heading", name="Tasks", exact=True)).to_be_visible()

    section.get_by_role("button", name="Sign out everywhere").click()
    assert profile.request.get(f"{served_api}/api/task", headers=headers).ok
    profile.get_by_role("dialog").get_by_label("Also revoke my API tokens").check()
    profile.get_by_role("dialog").get_by_role("button", name="Sign out").click()
    expect(profile.get_by_label("User name")).to_be_visible()
    # Other processes learn of it within a second; a busy machine may take longer.
    for _ in range(200):
        refused = profile.request.get(f"{served_api}/api/task", headers=headers)
        if not refused.ok:
            break
        profile.wait_for_timeout(50)
    assert refused.status == 401
    expect(profile.get_by_text(ENDED)).to_have_count(0)
    expect(other.get_by_text(ENDED)).to_be_visible()
    forgive(401)


def test_api_tokens_are_shown_once(profile, browser, served_api, check_accessibility):
    section = open_section(profile, "API tokens")
    expect(section.get_by_role("heading", name="No API tokens yet")).to_be_visible()
    section.get_by_role("button", name="Create a token").click()
    dialog = profile.get_by_role("dialog")
    dialog.get_by_role("textbox", name="Name").fill("Nightly backup")
    dialog.get_by_role("button", name="Create", exact=True).click()
    expect(dialog.get_by_text("Choose at least one.")).to_be_visible()
    check_accessibility(profile)
    dialog.get_by_label("Read tasks").check()
    dialog.get_by_label("Expires").select_option("365")
    dialog.get_by_role("button", name="Create", exact=True).click()
    shown = dialog.get_by_label("Token", exact=True)
    expect(shown).to_be_focused()
    check_accessibility(profile)
    token = shown.input_value()
    context = browser.new_context(base_url=served_api, extra_http_headers={"Authorization": f"Bearer {token}"})
    assert context.request.get("/api/task").status == 200
    assert context.request.post("/api/task", data={"title": "No"}).status == 403
    dialog.get_by_role("button", name="Done").click()

    row = section.get_by_role("listitem").filter(has_text="Nightly backup")
    expect(row).to_contain_text(f"{token[:8]}")
    expect(row).to_contain_text("Read tasks and follow their changes")
    assert token not in profile.content()
    row.get_by_role("button", name="Revoke").click()
    profile.get_by_role("dialog").get_by_role("button", name="Revoke").click()
    expect(section.get_by_role("heading", name="No API tokens yet")).to_be_visible()
    profile.reload()
    expect(section.get_by_role("heading", name="No API tokens yet")).to_be_visible()
    context.close()


def test_an_account_is_deleted_with_its_password(profile, ann, client, forgive):
    section = open_section(profile, "Delete account")
    expect(section).to_contain_text("Open tasks assigned to you become unassigned")
    section.get_by_label("Current password").fill("wrong")
    section.get_by_role("button", name="Delete account").click()
    confirm = profile.get_by_role("dialog").get_by_role("button", name="Delete account")
    confirm.click()
    expect(section.get_by_text("This is not your current password.")).to_be_visible()
    section.get_by_label("Current password").fill(PASSWORD)
    section.get_by_role("button", name="Delete account").click()
    confirm.click()

    expect(profile.get_by_text("Your account has been deleted.")).to_be_visible()
    assert client.post("/api/token", data={"username": ann.username, "password": PASSWORD}).status == 401
    forgive(401, 403)


def test_appearance_and_formats_are_kept_in_the_browser(profile, client):
    client.post("/api/task", data={"title": "Far away", "due_date": "2031-12-30"})
    section = open_section(profile, "Date and time")
    section.get_by_label("Day first").check()
    section.get_by_role("button", name="Time zone: Same as the server (UTC)").click()
    profile.get_by_role("combobox", name="Time zone").fill("kiritimati")
    profile.keyboard.press("Enter")
    expect(section.get_by_role("button", name="Time zone: Pacific/Kiritimati")).to_be_focused()
    section = open_section(profile, "Appearance")
    section.get_by_label("Dark").check()
    section.get_by_label("Compact").check()
    section.get_by_label("Deutsch").check()
    expect(profile.get_by_role("heading", name="Darstellung")).to_be_visible()

    profile.reload()
    expect(profile.get_by_role("heading", name="Darstellung")).to_be_visible()
    expect(profile.locator("html[data-theme=dark][data-density=compact][lang=de]")).to_be_attached()
    profile.goto(profile.url.replace("/profile/appearance", "/tasks?q=Far+away"))
    expect(profile.get_by_role("row").filter(has_text="Far away")).to_contain_text("30.12.2031")


@pytest.mark.parametrize("look", [{"color_scheme": "light"}, {"color_scheme": "dark", "viewport": PHONE}])
def test_every_section_is_accessible(new_page, ann, look, check_accessibility):
    page = new_page(ann, "/profile", **look)
    for name in SECTIONS:
        open_section(page, name)
        expect(page.locator(".skeleton")).to_have_count(0)
        check_accessibility(page)
        if look.get("viewport"):
            assert page.evaluate("document.documentElement.scrollWidth") == PHONE["width"]
            page.get_by_role("link", name="Profile", exact=True).click()
