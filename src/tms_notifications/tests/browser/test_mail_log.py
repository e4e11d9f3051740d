"""The mail log in the administration, in a real browser."""

import re

import pytest
from playwright.sync_api import expect
from sqlalchemy import text


@pytest.fixture
def root(add_user):
    return add_user(is_admin=True)


@pytest.fixture
def runtime(_system):
    return _system[0]


@pytest.fixture
def failed_mails(runtime, root):
    """Three mails to the administrator that the mail server has rejected."""
    with runtime.transaction() as session:
        for number in range(3):
            session.execute(
                text(
                    "INSERT INTO notification_mail (key, message_id, user_id, kind, context, status, reason, attempts)"
                    " VALUES (:key, :key, :id, 'due_soon', '{}', 'failed', :reason, 3)"
                ),
                {"key": f"test:{number}", "id": root.id, "reason": f"550 no such user {number}"},
            )


@pytest.mark.usefixtures("failed_mails")
def test_failed_mails_are_sent_again(page, sign_in, root, check_accessibility):
    sign_in(page, root, "/administration/mails")
    expect(page.get_by_role("button", name="Failed 3")).to_be_visible()
    mail = page.get_by_role("listitem").filter(has_text="550 no such user 1")
    expect(mail).to_contain_text(f"{root.username}@example.com")
    check_accessibility(page)

    mail.get_by_role("button", name="Send again").click()
    expect(page.get_by_text("1 mail will be sent again.")).to_be_visible()
    expect(mail).to_have_count(0)
    page.get_by_role("listitem").filter(has_text="no such user 2").get_by_role("checkbox").check()
    page.get_by_role("button", name="Send 1 again").click()
    expect(page.get_by_role("button", name="Failed 1")).to_be_visible()
    page.get_by_role("button", name="Send all failed mails again").click()
    page.get_by_role("dialog").get_by_role("button", name="Send again", exact=True).click()
    expect(page.get_by_role("heading", name="No mail has failed")).to_be_visible()
    page.get_by_role("button", name=re.compile("^Waiting")).click()
    expect(page.get_by_role("listitem").filter(has_text="Due tasks")).to_have_count(3)


def test_the_log_fits_a_phone_in_german_and_in_the_dark(new_page, root, check_accessibility):
    phone = {"width": 360, "height": 740}
    page = new_page(root, "/administration", viewport=phone, color_scheme="dark")
    page.evaluate("localStorage.setItem('tms.language', 'de')")
    page.reload()

    page.get_by_role("navigation", name="Bereiche der Verwaltung").get_by_role("link", name="Mails").click()
    expect(page.get_by_role("button", name=re.compile("^Fehlgeschlagen"))).to_be_visible()
    expect(page.get_by_label("Wird geladen")).to_have_count(0)
    check_accessibility(page)
    assert page.evaluate("document.documentElement.scrollWidth") <= phone["width"]
    assert page.get_by_role("region", name="Mails").evaluate("body => body.scrollWidth <= body.clientWidth")
