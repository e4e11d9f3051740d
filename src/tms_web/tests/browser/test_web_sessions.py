"""Sessions of the browser: two tabs, idle pages, and sessions that are ended from elsewhere."""

import pytest
from playwright.sync_api import Page, expect

from tms_testing.fixtures import PASSWORD
from tms_testing.served import served_settings

ACCESS_SECONDS = 10


@pytest.fixture(scope="module")
def settings():
    return served_settings(**{"tms.access_token_seconds": str(ACCESS_SECONDS)})


@pytest.fixture(scope="module")
def is_shared():
    return False


@pytest.fixture(autouse=True)
def tolerated(problems):
    """The browser logs answers of 401, by which a page learns that its access token or its session has ended."""
    yield
    problems[:] = [text for text in problems if " 401 " not in text]


@pytest.fixture
def post(client, ann):
    """Posts to the API with a token that has not expired yet."""

    def run(path: str, data: dict):
        pair = client.post("/api/token", data={"username": ann.username, "password": PASSWORD}).json()
        response = client.post(path, data=data, headers={"Authorization": f"Bearer {pair['access']}"})
        assert response.ok
        return response.json()

    return run


def row(page: Page, title: str):
    return page.get_by_role("row").filter(has_text=title)


def test_an_idle_page_renews_its_access_token(tasks, post):
    """The token lives ten seconds: the socket that it opened is closed then, and the page goes on with a new one."""
    with tasks.expect_response("**/api/web-session/refresh", timeout=60_000) as renewal:
        expect(tasks.get_by_role("heading", name="Tasks", exact=True)).to_be_visible()
    assert renewal.value.ok

    post("/api/task", {"title": "Later"})
    expect(row(tasks, "Later")).to_be_visible()


def test_two_tabs_that_renew_at_once_stay_signed_in(tasks, served_api):
    other = tasks.context.new_page()
    other.goto(f"{served_api}/tasks")
    expect(other.get_by_role("heading", name="Tasks", exact=True)).to_be_visible()

    for page in (tasks, other):
        page.evaluate("void location.reload()")
    for page in (tasks, other):
        expect(page.get_by_role("heading", name="Tasks", exact=True)).to_be_visible()
        page.reload()
        expect(page.get_by_role("heading", name="Tasks", exact=True)).to_be_visible()


def test_signing_out_in_one_tab_signs_out_the_other_and_signing_in_brings_both_back(tasks, served_api, ann):
    other = tasks.context.new_page()
    other.goto(f"{served_api}/tasks?status=PENDING")
    expect(other.get_by_role("heading", name="Tasks", exact=True)).to_be_visible()

    tasks.get_by_role("button", name=ann.username).click()
    tasks.get_by_role("menuitem", name="Sign out", exact=True).click()
    expect(other.get_by_role("button", name="Sign in")).to_be_visible()

    other.get_by_label("User name").fill(ann.username)
    other.get_by_label("Password", exact=True).fill(PASSWORD)
    other.get_by_role("button", name="Sign in").click()
    expect(other).to_have_url(f"{served_api}/tasks?status=PENDING")
    expect(tasks.get_by_role("heading", name="Tasks", exact=True)).to_be_visible()


def test_a_session_ended_from_elsewhere_asks_to_sign_in_and_returns_to_the_page(tasks, post, served_api, ann):
    task = post("/api/task", {"title": "Water the plants"})
    row(tasks, "Water the plants").get_by_role("link").click()
    expect(tasks.get_by_role("complementary").get_by_label("Title")).to_have_value("Water the plants")

    post("/api/token/revoke-all", {})
    expect(tasks.get_by_role("button", name="Sign in")).to_be_visible()
    stored = tasks.evaluate("[document.cookie, JSON.stringify(localStorage), JSON.stringify(sessionStorage)].join()")
    assert "eyJ" not in stored

    tasks.get_by_label("User name").fill(ann.username)
    tasks.get_by_label("Password", exact=True).fill(PASSWORD)
    tasks.get_by_role("button", name="Sign in").click()
    expect(tasks).to_have_url(f"{served_api}/tasks/{task['id']}")
    expect(tasks.get_by_role("complementary").get_by_label("Title")).to_have_value("Water the plants")
