"""The errors that the pages of mailed links show, in a browser that prefers German."""

import pytest
from playwright.sync_api import expect

HOST = "http://localhost"
PAGE = f"{HOST}/api/password-reset/confirm"
TOKEN = "bGlrZSB0aGlzLCBidXQgZnJvbSB0aGUgbWFpbA"


@pytest.fixture
def page(context, app):
    """A page whose requests the application answers, without a server."""

    def answer(route):
        request = route.request
        headers = {"Accept-Language": "de", "Content-Type": "application/json"}
        found = app.request(
            request.url.removeprefix(HOST),
            method=request.method,
            body=request.post_data_buffer or b"",
            headers=headers,
            expect_errors=True,
        )
        route.fulfill(status=found.status_int, headers=dict(found.headers), body=found.body)

    page = context.new_page()
    page.route(f"{HOST}/**", answer)
    return page


def test_errors_are_in_the_language_of_the_page(page):
    page.goto(f"{PAGE}#token={TOKEN}")
    password, message = page.locator("input"), page.locator("output")
    # Passwords are counted after they are normalised, unlike by the browser.
    password.fill("a\u0301b\u0301c\u0301d\u0301")
    page.get_by_role("button", name="Passwort setzen").click()
    expect(message).to_have_text("Das Passwort muss mindestens 8 Zeichen haben.")

    password.fill("password456")
    page.get_by_role("button", name="Passwort setzen").click()
    expect(message).to_have_text("Dieser Link wurde schon benutzt oder ist abgelaufen. Fordern Sie einen neuen an.")


@pytest.mark.parametrize(
    ("problem", "text"),
    [
        (
            {"code": "rate_limited", "params": {"seconds": 90}, "detail": "Too many."},
            "Zu viele Versuche. Versuchen Sie es in 90 Sekunden erneut.",
        ),
        (
            {"code": "a_new_one", "detail": "Something."},
            "Der Server hat einen Fehler gemeldet. Versuchen Sie es später erneut.",
        ),
    ],
)
def test_an_error_is_shown_by_its_code(page, problem, text):
    page.goto(f"{PAGE}#token={TOKEN}")
    page.route("**/*", lambda route: route.fulfill(status=429, json=problem))

    page.locator("input").fill("password456")
    page.get_by_role("button", name="Passwort setzen").click()

    expect(page.locator("output")).to_have_text(text)
