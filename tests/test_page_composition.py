"""The web UI in a browser without packages, and with a third-party package."""

import re

import pytest
from playwright.sync_api import Page, expect

from tms_testing.served import served_settings


@pytest.fixture(scope="module", params=["bare", "foreign"])
def packages(request, foreign_site):
    if request.param == "bare":
        yield ("tms_api", "tms_web")
        return
    with pytest.MonkeyPatch.context() as patch:
        # For the processes.
        patch.setenv("PYTHONPATH", str(foreign_site))
        yield ("tms_api", "tms_foreign", "tms_web")


@pytest.fixture(scope="module")
def settings():
    own = served_settings()
    return {name: value for name, value in own.items() if "realtime" not in name}


@pytest.fixture
def ann(add_user):
    return add_user(is_admin=True)


@pytest.fixture
def client(api_of, ann):
    return api_of(ann)


def names(page: Page) -> list[str]:
    return page.get_by_role("navigation", name="Main navigation").get_by_role("link").all_inner_texts()


def test_pages_have_the_parts_of_the_included_packages_only(page, sign_in, ann, client, packages):
    has_notes = "tms_foreign" in packages
    task = client.post("/api/task", data={"title": f"Paint the shed of {ann.username}"}).json()
    sign_in(page, ann, f"/tasks/{task['id']}")
    panel = page.get_by_role("complementary")
    expect(panel.get_by_role("heading", name="History")).to_be_visible()

    assert ("Notes" in names(page)) is has_notes
    assert "Reports" not in names(page)
    expect(page.locator(".connection, .viewers")).to_have_count(0)
    notes = panel.get_by_role("region", name="Notes")
    expect(notes).to_have_count(int(has_notes))
    if has_notes:
        expect(notes).to_contain_text(task["title"])
    page.keyboard.press("Control+k")
    page.get_by_role("combobox", name="Search commands").fill("notes")
    for command in ("Go to Notes", "Forget all notes"):
        expect(page.get_by_role("option").filter(has_text=command)).to_have_count(int(has_notes))
    page.keyboard.press("Escape")

    page.goto(re.sub(r"/tasks.*", "/profile", page.url))
    expect(page.get_by_role("link", name="Sessions")).to_be_visible()
    expect(page.get_by_role("link", name="Mail notifications")).to_have_count(0)
    own = page.locator("a[href='/profile/foreign-notes']")
    expect(own).to_have_count(int(has_notes))
    if has_notes:
        own.click()
        expect(page.get_by_role("heading", name="Notes", level=2)).to_be_focused()
        expect(page.locator("main")).to_contain_text("notes are kept.")

    page.goto(re.sub(r"/profile.*", "/foreign-notes", page.url))
    expect(page.get_by_role("heading", name="Notes" if has_notes else "Page not found", level=1)).to_be_visible()
    page.goto(re.sub(r"/foreign-notes.*", "/reports", page.url))
    expect(page.get_by_role("heading", name="Page not found", level=1)).to_be_visible()
    page.goto(re.sub(r"/reports.*", "/administration/mails", page.url))
    expect(page.get_by_role("heading", name="There is no such section")).to_be_visible()


def test_changes_of_others_appear_without_the_realtime_package(page, sign_in, ann, client):
    page.clock.install()
    sign_in(page, ann, "/tasks")
    expect(page.get_by_role("heading", name="Tasks", exact=True)).to_be_visible()
    task = client.post("/api/task", data={"title": f"Sweep the yard of {ann.username}"}).json()
    link = page.get_by_role("link", name=task["title"])

    page.clock.fast_forward(20_000)
    expect(link).to_be_visible()
    client.delete(f"/api/task/{task['id']}")
    page.clock.fast_forward(20_000)
    expect(link).to_have_count(0)
