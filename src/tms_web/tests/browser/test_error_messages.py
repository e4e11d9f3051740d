"""Signing in, registering and mailed links in German: errors appear in the user's language, at their fields."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import expect

from tms_core.models import LinkPurpose, User
from tms_core.services.account_links import AccountLinkService
from tms_testing.fixtures import PASSWORD


@pytest.fixture
def context(browser):
    with browser.new_context(locale="de-DE") as context:
        yield context


@pytest.fixture
def expired(_system, ann) -> str:
    """The token of a link for a new password that has expired."""
    runtime = _system[0]
    with runtime.transaction() as session:
        links = AccountLinkService(session, runtime.core.jwt_key)
        link = links.create(LinkPurpose.PASSWORD_RESET, session.get_one(User, ann.id).email)
        token = links.token(link.id)
        link.expires_at = datetime.now(UTC) - timedelta(seconds=1)
        return token


def test_errors_stand_at_their_fields_in_german(page, served_api, ann, problems):
    page.goto(f"{served_api}/register")
    page.get_by_label("Benutzername").fill(ann.username)
    address = page.get_by_label("E-Mail-Adresse")
    address.fill("a b@example.com")
    page.get_by_label("Passwort", exact=True).fill(PASSWORD)

    page.get_by_role("button", name="Konto anlegen").click()

    expect(address).to_have_accessible_description("Bitte geben Sie eine gültige E-Mail-Adresse ein.")
    expect(address).to_be_focused()

    address.fill("new@example.com")
    page.get_by_role("button", name="Konto anlegen").click()

    expect(page.get_by_label("Benutzername")).to_have_accessible_description("Dieser Benutzername ist vergeben.")
    # Chromium logs refused requests.
    problems[:] = [one for one in problems if not one.startswith("Failed to load resource")]


def test_a_wrong_password_is_refused_and_a_new_account_signs_in(page, served_api, ann, problems):
    page.goto(f"{served_api}/board?status=PENDING")
    page.get_by_label("Benutzername").fill(ann.username)
    password = page.get_by_label("Passwort", exact=True)
    password.fill("something else")
    password.press("Enter")
    expect(page.get_by_text("Benutzername oder Passwort ist falsch")).to_be_visible()
    expect(password).to_be_focused()

    page.get_by_role("link", name="Konto anlegen").click()
    expect(page.get_by_role("heading", level=1, name="Konto anlegen")).to_be_focused()
    page.get_by_label("Benutzername").fill("gerda")
    page.get_by_label("E-Mail-Adresse").fill("gerda@example.com")
    page.get_by_label("Passwort", exact=True).fill("kurz")
    page.get_by_role("button", name="Konto anlegen").click()
    expect(page.get_by_label("Passwort", exact=True)).to_have_accessible_description("Mindestens 8 Zeichen")
    page.get_by_label("Passwort", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Konto anlegen").click()

    expect(page).to_have_url(re.compile(r"/board\?status=PENDING$"))
    expect(page.get_by_role("button", name="Konto und Einstellungen: gerda")).to_be_visible()
    # Chromium logs refused requests.
    problems[:] = [one for one in problems if " 401 " not in one]


def test_an_expired_link_leads_to_a_new_one(page, served_api, ann, expired, problems):
    page.goto(f"{served_api}/reset-password#token={expired}")
    page.get_by_label("Neues Passwort").fill(PASSWORD)
    page.get_by_label("Neues Passwort").press("Enter")
    expect(page.get_by_text("Dieser Link ist abgelaufen.")).to_be_visible()
    page.get_by_role("main").get_by_role("link").first.click()

    expect(page.get_by_role("heading", level=1, name="Passwort vergessen")).to_be_focused()
    # Nobody learns whether an account has the address.
    for address in ("nobody@example.com", f"{ann.username}@example.com"):
        page.get_by_label("E-Mail-Adresse").fill(address)
        page.get_by_role("button", name="Link senden").click()
        expect(page.get_by_text(f"Wenn ein Konto die Adresse {address} hat")).to_be_visible()
        page.get_by_role("link", name="Zurück zur Anmeldung").click()
        page.get_by_role("link", name="Passwort vergessen?").click()
    problems[:] = [one for one in problems if " 400 " not in one]
