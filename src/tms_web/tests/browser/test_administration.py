"""The administration: users, settings, system and doctor."""

import re

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import text

NEW = "another-word"


@pytest.fixture
def root(add_user):
    return add_user(is_admin=True)


@pytest.fixture
def runtime(_system):
    return _system[0]


@pytest.fixture
def administration(page: Page, sign_in, root) -> Page:
    """The users, as an administrator sees them."""
    sign_in(page, root, "/administration")
    expect(page.get_by_role("heading", name="Administration")).to_be_visible()
    expect(row(page, root.username)).to_be_visible()
    return page


def row(page: Page, name: str):
    return page.get_by_role("row").filter(has=page.get_by_role("button", name=name, exact=True))


def find(page: Page, name: str):
    """Search for a user, and return its row."""
    page.get_by_role("searchbox", name="Search users").fill(name)
    expect(page.get_by_text("1 user found")).to_be_visible()
    return row(page, name)


def choose(page: Page, name: str, action: str) -> None:
    page.get_by_role("button", name=f"Actions for {name}").click()
    page.get_by_role("menuitem", name=action).click()


def confirm(page: Page, action: str) -> None:
    page.get_by_role("dialog").get_by_role("button", name=action, exact=True).click()


def expected(problems: list[str], text: str) -> None:
    """Take the errors out of `problems` that the test has caused."""
    assert [one for one in problems if text not in one] == []
    problems.clear()


def test_a_user_is_created_with_a_mailed_link_then_edited(
    administration, api_of, root, runtime, check_accessibility, problems
):
    page = administration
    page.keyboard.press("c")
    dialog = page.get_by_role("dialog", name="New user")
    expect(dialog.get_by_label("First name")).to_be_focused()
    dialog.get_by_role("button", name="Create user").click()
    expect(dialog.get_by_label("User name")).to_be_focused()
    check_accessibility(page)
    dialog.get_by_label("First name").fill("Joe")
    dialog.get_by_label("User name").fill("joe")
    dialog.get_by_label("E-mail address").fill("joe@example.com")
    dialog.get_by_role("button", name="Create user").click()

    expect(page.get_by_text("A link is being mailed to joe@example.com.")).to_be_visible()
    page.get_by_role("searchbox", name="Search users").fill("joe@ex")
    expect(row(page, "Joe")).to_contain_text("joe@example.com")
    expect(page).to_have_url(re.compile(r"\?q=joe%40ex$"))
    (joe,) = api_of(root).get("/api/users", params={"q": "joe@ex"}).json()["results"]
    with runtime.transaction() as session:
        assert session.scalar(text("SELECT password_hash FROM users WHERE id = :id"), {"id": joe["id"]}) is None
        requests = session.scalars(text("SELECT email FROM notification_link_request")).all()
    assert "joe@example.com" in requests

    row(page, "Joe").get_by_role("button", name="Joe", exact=True).click()
    edit = page.get_by_role("dialog", name="Edit Joe")
    edit.get_by_label("User name").fill(root.username)
    edit.get_by_role("button", name="Save").click()
    expect(edit.get_by_label("User name")).to_have_attribute("aria-invalid", "true")
    edit.get_by_label("User name").fill("joe")
    edit.get_by_label("Last name").fill("Poe")
    edit.get_by_role("button", name="Save").click()
    expect(row(page, "Joe Poe")).to_be_visible()
    assert api_of(root).get(f"/api/users/{joe['id']}").json()["last_name"] == "Poe"
    expected(problems, "409")


def test_roles_are_changed_after_a_question_and_undone(administration, api_of, root, add_user, check_accessibility):
    page, bob, client = administration, add_user(), api_of(root)
    found = find(page, bob.username)

    def state() -> tuple[bool, bool]:
        user = client.get(f"/api/users/{bob.id}").json()
        return user["is_active"], user["is_admin"]

    choose(page, bob.username, "Disable")
    expect(page.get_by_role("dialog")).to_contain_text("can no longer sign in")
    check_accessibility(page)
    confirm(page, "Cancel")
    assert state() == (True, False)
    expect(page.get_by_role("button", name=f"Actions for {bob.username}")).to_be_focused()
    choose(page, bob.username, "Disable")
    confirm(page, "Disable")
    expect(found).to_contain_text("Disabled")
    expect(page.get_by_text(f"{bob.username} has been disabled.")).to_be_visible()
    assert state() == (False, False)
    page.get_by_role("button", name="Disabled", exact=True).click()
    expect(found).to_be_visible()
    page.get_by_role("button", name="Undo").click()
    expect(found).not_to_contain_text("Disabled")
    page.get_by_role("button", name="Administrators", exact=True).click()
    expect(page.get_by_role("heading", name="No user matches")).to_be_visible()
    page.get_by_role("button", name="Show all users").click()
    # The search is emptied with it.
    expect(row(page, root.username)).to_be_visible()
    find(page, bob.username)
    choose(page, bob.username, "Make administrator")
    confirm(page, "Make administrator")
    expect(page.get_by_text(f"{bob.username} is an administrator now.")).to_be_visible()
    expect(found).to_contain_text("Administrator")
    assert state() == (True, True)

    choose(page, bob.username, "Delete")
    confirm(page, "Delete")
    expect(page.get_by_text("0 users found").or_(page.get_by_role("heading", name="No user matches"))).to_be_visible()
    assert client.get(f"/api/users/{bob.id}").status == 404


def test_the_last_administrator_keeps_the_role(administration, root, runtime, problems):
    page = administration
    with runtime.transaction() as session:
        session.execute(text("UPDATE users SET is_admin = false WHERE id <> :id"), {"id": root.id})
    found = find(page, root.username)

    page.get_by_role("button", name=f"Actions for {root.username}").click()
    expect(page.get_by_role("menuitem")).to_have_text(["Edit", "Withdraw administrator role"])
    page.get_by_role("menuitem", name="Withdraw administrator role").click()

    expect(page.get_by_text("This is the last active administrator.")).to_be_visible()
    expect(found).to_contain_text("Administrator")
    expected(problems, "409")


def test_a_link_is_handed_over_and_sets_a_password(administration, add_user, served_api):
    page, bob = administration, add_user()
    find(page, bob.username)

    choose(page, bob.username, "Create a password reset link")
    dialog = page.get_by_role("dialog", name=f"Password reset link for {bob.username}")
    url = dialog.get_by_label("Link to set a new password").input_value()
    dialog.get_by_role("button", name="Close").click()
    token = url.partition("#token=")[2]
    body = {"token": token, "password": NEW}
    assert page.request.post(f"{served_api}/api/password-reset/confirm", data=body).status == 200

    credentials = {"username": bob.username, "password": NEW}
    assert page.request.post(f"{served_api}/api/token", data=credentials).status == 200


def test_signing_out_a_user_everywhere_ends_its_open_page(administration, add_user, new_page, problems):
    page, bob = administration, add_user()
    other = new_page(bob)
    expect(other.get_by_role("heading", name="Tasks", exact=True)).to_be_visible()
    find(page, bob.username)

    choose(page, bob.username, "Sign out everywhere")
    confirm(page, "Sign out everywhere")
    expect(page.get_by_text(f"{bob.username} has been signed out everywhere.")).to_be_visible()

    other.reload()
    expect(other.get_by_role("heading", name="Sign in")).to_be_visible()
    expected(problems, "401")


def test_long_lists_are_read_where_one_looks_and_moved_through_by_keyboard(page, sign_in, root, runtime):
    with runtime.transaction() as session:
        session.execute(
            text(
                "INSERT INTO users (username, username_key, email, email_key, last_name)"
                " SELECT 'crowd' || n, 'crowd' || n, 'crowd' || n || '@example.com', 'crowd' || n || '@example.com',"
                " 'Crowd' FROM generate_series(1000, 1999) n"
            )
        )
    reads: list[str] = []
    page.on("request", lambda request: "q=crowd" in request.url and reads.append(request.url))
    sign_in(page, root, "/administration/users?q=crowd")

    expect(page.get_by_text("1,000 users found")).to_be_visible()
    expect(page.get_by_role("row").nth(1)).to_contain_text("crowd1000")
    page.get_by_role("table", name="Users").evaluate("table => table.scrollTo(0, table.scrollHeight)")
    expect(page.get_by_role("row").last).to_contain_text("crowd1999")
    assert page.get_by_role("row").count() < 80
    assert len(reads) < 5
    page.keyboard.press("Escape")
    page.keyboard.press("j")
    expect(page.locator("[data-index='0'] .user-row__open")).to_be_focused()
    page.keyboard.press("ArrowDown")
    expect(page.locator("[data-index='1'] .user-row__open")).to_be_focused()
    with runtime.transaction() as session:
        session.execute(text("DELETE FROM users WHERE last_name = 'Crowd'"))


def test_settings_are_shown_without_secrets_and_findings_with_advice(administration, runtime):
    page = administration
    page.get_by_role("link", name="Settings").click()
    expect(page.get_by_role("heading", name=re.compile("tms_core"))).to_be_visible()

    page.get_by_label("Search settings").fill("jwt private")
    secret = page.get_by_role("listitem").filter(has_text="tms.jwt_private_key")
    expect(secret).to_contain_text(re.compile("(Not s|S)et"))
    assert runtime.core.jwt_key not in page.content()
    page.get_by_label("Search settings").fill("")
    expect(page.get_by_text("tms.api.cache_seconds")).to_be_visible()
    page.get_by_label("Only those that differ from the default").check()
    expect(page.get_by_text("tms.api.cache_seconds")).to_have_count(0)
    port = page.get_by_role("listitem").filter(has=page.get_by_text("tms.api_port", exact=True))
    expect(port).to_contain_text("Default: 8000")
    expect(port).to_contain_text("Ini file")

    page.get_by_role("link", name="Doctor").click()
    findings = page.get_by_role("listitem").filter(has_text=re.compile("OK|Warning|Problem"))
    expect(findings.filter(has_text="PostgreSQL")).to_be_visible()

    with page.expect_response("**/api/admin/doctor"):
        page.get_by_role("button", name="Check again").click()
    expect(findings.filter(has_text="PostgreSQL")).to_be_visible()


def test_the_system_shows_what_runs_and_says_when_it_is_not_current(administration, problems):
    page = administration
    page.clock.install()
    page.get_by_role("link", name="System").click()
    processes = page.get_by_role("region", name="Processes")
    for kind in ("api", "relay", "realtime"):
        # Other tests of the deployment restart processes; one that was killed is listed for a while.
        expect(processes.get_by_role("row", name=re.compile(f"^{kind} Running")).first).to_be_visible()
    expect(page.get_by_text(re.compile("No process runs of: .*worker"))).to_be_visible()
    expect(page.get_by_role("region", name="Relay").get_by_role("row", name=re.compile("realtime"))).to_be_visible()
    expect(page.get_by_role("region", name="Services")).to_contain_text("PostgreSQL")

    page.route("**/api/admin/system", lambda route: route.abort())
    page.clock.run_for(6000)
    expect(page.get_by_text("These data could not be refreshed.")).to_be_visible()
    expect(processes.get_by_role("row", name=re.compile("^relay Running"))).to_be_visible()
    page.unroute("**/api/admin/system")
    page.clock.run_for(6000)
    expect(page.get_by_text("These data could not be refreshed.")).to_have_count(0)
    expected(problems, "ERR_FAILED")

    def answer(route):
        response = route.fetch()
        system = response.json()
        system["processes"][0] |= {"version": "9.9.9", "is_alive": True}
        route.fulfill(response=response, json=system)

    page.route("**/api/admin/system", answer)
    page.get_by_role("button", name="Refresh").click()
    expect(page.get_by_text(re.compile(r"different versions \(.*9\.9\.9\)"))).to_be_visible()


def test_others_are_told_that_it_is_only_for_administrators(page, sign_in, ann, api_of):
    sign_in(page, ann, "/administration/users")

    expect(page.get_by_role("heading", name="Only for administrators")).to_be_visible()
    expect(page.get_by_role("navigation").get_by_role("link", name="Administration")).to_have_count(0)
    assert api_of(ann).get("/api/admin/settings").status == 403


def test_every_section_is_accessible_and_fits_a_phone_in_german(new_page, root, check_accessibility):
    phone = {"width": 360, "height": 740}
    page = new_page(root, "/administration/users", viewport=phone, color_scheme="dark")
    page.evaluate("localStorage.setItem('tms.language', 'de')")
    page.reload()
    for name in ("Benutzer", "Einstellungen", "System", "Diagnose"):
        page.get_by_role("navigation", name="Bereiche der Verwaltung").get_by_role("link", name=name).click()
        expect(page.get_by_role("region", name=name)).to_be_visible()
        expect(page.get_by_label("Wird geladen")).to_have_count(0)
        check_accessibility(page)
        assert page.evaluate("document.documentElement.scrollWidth") <= phone["width"]
        assert page.get_by_role("region", name=name).evaluate("body => body.scrollWidth <= body.clientWidth")
