"""A system with the pages of the checkout, and a user who has signed in."""

import pytest
from playwright.sync_api import Page, expect

from tms_testing.served import served_settings


@pytest.fixture(scope="module")
def packages():
    return ("tms_api", "tms_reports", "tms_realtime", "tms_notifications", "tms_web")


@pytest.fixture(scope="module")
def is_shared():
    return True


@pytest.fixture(scope="module")
def settings():
    return served_settings()


@pytest.fixture
def ann(add_user):
    return add_user()


@pytest.fixture
def client(api_of, ann):
    """A client of the API, of the same user as the page."""
    return api_of(ann)


@pytest.fixture
def tasks(page: Page, sign_in, ann) -> Page:
    """The list of a user who has signed in."""
    sign_in(page, ann, "/tasks")
    expect(page.get_by_role("heading", name="Tasks", exact=True)).to_be_visible()
    return page


@pytest.fixture(scope="session")
def visit():
    """Goes to a path of the UI without loading the page again: `visit(page, "/board")`."""

    def run(page: Page, path: str) -> Page:
        page.evaluate(
            "path => { history.pushState(null, '', path); dispatchEvent(new PopStateEvent('popstate')) }", path
        )
        expect(page.locator("main h1").first).to_be_attached()
        # Columns out of sight are not loaded.
        expect(page.locator(".skeleton:not(.board-column *)")).to_have_count(0)
        return page

    return run
