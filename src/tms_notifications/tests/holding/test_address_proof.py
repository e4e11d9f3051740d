"""Mails to addresses that are not verified are held, and verification links are sent there."""

import re
from datetime import timedelta
from types import SimpleNamespace

import pytest
from sqlalchemy import func, text, update

from tms_core.account_mail import LinkRequest
from tms_core.models import AccountLink, LinkPurpose, User
from tms_core.services.account_links import AccountLinkService
from tms_notifications.models import MailStatus
from tms_notifications.services.holding import UNPROVED
from tms_notifications.services.link_requests import MAX_DAILY_UNPROVED
from tms_notifications.services.sending import UNPROVED_NOTICE
from tms_testing.fixtures import PASSWORD
from tms_testing.mail.texts import text_of


def test_task_mails_to_an_unverified_address_are_held(stranger, assign, smtp, mail_log, sweep):
    assign(stranger, 5)
    mail_log.send_all()
    rows = sweep()

    assert smtp.subjects == ["[TMS] Confirm your e-mail address"]
    held = [row for row in rows if row.status is MailStatus.HELD]
    assert [row.reason for row in held] == [UNPROVED] * 5


def test_held_mails_are_sent_as_one_mail_after_verification(stranger, assign, smtp, mail_log, sweep, app):
    assign(stranger, 3)
    mail_log.send_all()
    sweep()
    token = re.findall(r"#token=(\S+)", text_of(smtp.received[0]))[0]
    app.post_json("/api/email-verification/confirm", {"token": token}, status=200)

    rows = sweep()
    sweep()

    assert smtp.subjects[1:] == ["[TMS] 3 changes of your tasks"]
    message = smtp.received[1]
    for part in (text_of(message), text_of(message, "html")):
        assert "held until your e-mail address was confirmed" in part
        assert all(f"Task {number}" in part for number in (1, 2, 3))
        assert "https://tasks.example.org/api/task/" in part
    (summary,) = [row for row in rows if row.kind.value == "summary"]
    held = [(row.status.value, row.reason) for row in rows if row.kind.value == "assigned"]
    assert held == [("coalesced", f"included in mail {summary.id}")] * 3
    assert ".assigned." in message["List-Unsubscribe"]


def test_mails_after_verification_are_sent_at_once(stranger, assign, smtp, mail_log, sweep, verify):
    verify(stranger)
    assign(stranger)
    mail_log.send_all()

    assert smtp.subjects == ["[TMS] Task 1 (#1)"]


def test_a_single_held_mail_is_sent_unchanged(stranger, assign, smtp, mail_log, sweep, verify):
    assign(stranger)
    mail_log.send_all()
    verify(stranger)
    sweep()

    assert smtp.subjects == ["[TMS] Task 1 (#1)"]


def test_new_tokens_are_not_mailed_to_an_unverified_address(stranger, client_of, smtp, mail_log, sweep, verify):
    def make_token() -> None:
        body = {"name": "Your parcel waits", "scopes": ["tasks:read"], "expires_at": None}
        client_of(stranger).post_json("/api/api-tokens", body, status=201)

    for _ in range(3):
        make_token()
    rows = mail_log.send_all()
    sweep()

    assert smtp.received == []
    assert [(row.status, row.reason) for row in rows] == [(MailStatus.DROPPED, UNPROVED_NOTICE)] * 3

    verify(stranger)
    make_token()
    mail_log.send_all()
    assert smtp.subjects == ["[TMS] A personal API token was created for your account"]


def test_an_address_set_by_an_administrator_counts_as_verified(make_user, client_of, assign, smtp, mail_log, sweep):
    body = {"username": "zoe", "email": "zoe@example.com", "password": PASSWORD}
    zoe = client_of(make_user("root", is_admin=True)).post_json("/api/users", body, status=201).json
    assign(SimpleNamespace(**zoe))
    mail_log.send_all()
    sweep()

    assert smtp.subjects == ["[TMS] Task 1 (#1)"]


def test_a_verification_link_is_sent_once_without_a_request(stranger, assign, smtp, mail_log, sweep):
    for _ in range(3):
        assign(stranger)
        mail_log.send_all()
        sweep()

    assert smtp.subjects == ["[TMS] Confirm your e-mail address"]


def test_a_new_address_is_sent_its_own_verification_link(stranger, assign, smtp, mail_log, sweep, runtime):
    assign(stranger)
    mail_log.send_all()
    sweep()
    with runtime.transaction() as session:
        session.get_one(User, stranger.id).email = "other@example.com"
    assign(stranger)
    mail_log.send_all()
    sweep()

    assert smtp.recipients == ["stranger@example.com", "other@example.com"]


def register(app, name: str = "eve", **more: str):
    body = {"username": name, "email": f"{name}@example.com", "password": PASSWORD, **more}
    return app.post_json("/api/users/", body, status=201).json


def test_registration_sends_a_verification_link(app, smtp, sweep, runtime):
    register(app)
    rows = sweep()

    assert smtp.recipients == ["eve@example.com"]
    assert smtp.subjects == ["[TMS] Confirm your e-mail address"]
    assert [row.kind.value for row in rows] == ["email_verification"]


def test_a_held_mail_sends_no_second_verification_link_after_registration(app, smtp, mail_log, sweep, assign, runtime):
    eve = register(app)
    sweep()
    with runtime.transaction() as session:
        session.execute(update(AccountLink).values(expires_at=func.now() - timedelta(days=2)))
    assign(SimpleNamespace(**eve))
    mail_log.send_all()
    sweep()

    assert smtp.subjects == ["[TMS] Confirm your e-mail address"]


def test_a_verification_mail_addresses_the_user_by_username_only(app, smtp, sweep):
    register(app, first_name="You have won", last_name="a prize")
    sweep()

    assert text_of(smtp.received[0]).startswith("Hello eve,")
    assert "won" not in smtp.received[0].as_string()


def test_only_a_changed_address_is_sent_a_verification_link(app, client_of, verified, smtp, sweep):
    mine = client_of(verified)
    change = {"email": "new@example.com", "current_password": PASSWORD}
    mine.patch_json("/api/users/me", change, status=200)
    sweep()
    for _ in range(8):
        mine.patch_json("/api/users/me", change, status=200)
    sweep()

    assert smtp.recipients.count("new@example.com") == 1


def test_verification_links_are_limited_by_address_and_network(app, smtp, sweep):
    answers = [
        app.post_json(
            "/api/users/",
            {"username": f"eve{number}", "email": f"stranger+{number}@example.com", "password": PASSWORD},
            expect_errors=True,
        )
        for number in range(65)
    ]

    assert [answer.status_int for answer in answers].count(201) == 60
    assert answers[-1].status_int == 429
    assert int(answers[-1].headers["Retry-After"]) > 0


def test_requested_verification_links_are_limited_per_day(stranger, smtp, sweep, runtime):
    for _ in range(MAX_DAILY_UNPROVED + 4):
        with runtime.transaction() as session:
            runtime.mailer.ask(session, link_request("stranger@example.com"))
        sweep()

    assert len(smtp.received) == MAX_DAILY_UNPROVED


def link_request(email: str) -> LinkRequest:
    return LinkRequest(LinkPurpose.EMAIL_VERIFICATION, email, "https://tasks.example.org/#token={token}")


def test_a_failing_request_does_not_block_others(stranger, verified, smtp, sweep, runtime, monkeypatch):
    create = AccountLinkService.create

    def fails_for_bob(self, purpose, email):
        if email == "bob@example.com":
            self._session.execute(text("SELECT 1 / 0"))
        return create(self, purpose, email)

    monkeypatch.setattr(AccountLinkService, "create", fails_for_bob)
    for email in ("bob@example.com", "stranger@example.com"):
        with runtime.transaction() as session:
            runtime.mailer.ask(session, link_request(email))
    sweep()

    assert smtp.recipients == ["stranger@example.com"]


@pytest.mark.parametrize("values", [{"tms__registration": "closed"}, {"tms__notifications__unproved": "send"}])
def test_closed_registration_and_send_need_no_verification(stranger, assign, smtp, mail_log, reconfigured, values):
    assign(stranger)
    reconfigured(**values)
    mail_log.send_all()

    assert smtp.subjects == ["[TMS] Task 1 (#1)"]


def test_closing_registration_releases_held_mails(stranger, assign, smtp, mail_log, reconfigured, sweep):
    assign(stranger, 2)
    mail_log.send_all()
    reconfigured(tms__registration="closed")
    rows = sweep()

    assert "[TMS] 2 changes of your tasks" in smtp.subjects
    assert MailStatus.HELD not in {row.status for row in rows}


def test_registration_sends_no_verification_link_where_mails_are_not_held(reconfigured, smtp, sweep, runtime):
    register(reconfigured(tms__notifications__unproved="send"))
    sweep()

    assert smtp.received == []
