"""Errors of the API appear in the user's language, at the fields that they concern."""

import pytest
from playwright.sync_api import expect

from tms_testing.fixtures import PASSWORD


@pytest.fixture
def context(browser):
    with browser.new_context(locale="de-DE") as context:
        yield context


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
