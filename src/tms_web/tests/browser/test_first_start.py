"""The first account, which needs a database without administrators."""

import pytest
from playwright.sync_api import expect

from tms_testing.fixtures import PASSWORD
from tms_web.banner import first_start


@pytest.fixture(scope="module")
def is_shared():
    return False


@pytest.fixture
def link(_system) -> str:
    """The link of the first start, which `tms up` prints."""
    found = first_start(_system[0])
    assert found
    return found


def test_the_link_of_the_first_start_leads_an_administrator_to_the_list(page, served_api, link):
    page.goto(link)
    page.get_by_label("User name").fill("root")
    page.get_by_label("E-mail address").fill("root@example.com")
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Create account and sign in").click()

    expect(page.get_by_role("heading", name="Tasks", exact=True)).to_be_visible()
    expect(page).to_have_url(f"{served_api}/tasks")
    pair = page.request.post(f"{served_api}/api/token", data={"username": "root", "password": PASSWORD}).json()
    bearer = {"Authorization": f"Bearer {pair['access']}"}
    me = page.request.get(f"{served_api}/api/users/me", headers=bearer).json()
    assert (me["username"], me["is_admin"]) == ("root", True)
