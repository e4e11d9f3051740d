"""Mails about accounts: from the request over HTTP to the mail server, and use of the link."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import func, select, text, update
from webtest import TestApp

from tms_core.account_mail import LinkRequest
from tms_core.app import configure
from tms_core.celery import use
from tms_core.models import AccountLink, LinkPurpose, User
from tms_notifications.account_notices import MAX_DAILY_NOTICES, TOO_MANY
from tms_notifications.models import MailStatus, NotificationLinkRequest, NotificationPreference
from tms_notifications.smtp import SmtpTransport
from tms_notifications.tasks import answer_link_requests, send_mail, send_waiting
from tms_testing.fixtures import PASSWORD
from tms_testing.mail.texts import text_of

NEW = "another-word"


@pytest.fixture(scope="module")
def packages():
    return ("tms_api", "tms_notifications")


@pytest.fixture(scope="module")
def settings(smtp_settings):
    return smtp_settings


@pytest.fixture
def ann(make_user):
    return make_user("ann", first_name="Ann", last_name="Lee")


@pytest.fixture
def ask(app, ann, smtp):
    """Requests a password reset."""
    return lambda email="ann@example.com": app.post_json("/api/password-reset", {"email": email}, status=202)


@pytest.fixture
def verify(client_of, ann, smtp):
    return lambda: client_of(ann).post_json("/api/email-verification", {}, status=202)


@pytest.fixture
def requests(runtime):
    def read() -> list[NotificationLinkRequest]:
        with runtime.transaction() as session:
            return list(session.scalars(select(NotificationLinkRequest)))

    return read


@pytest.fixture
def queued(runtime):
    return lambda: runtime.redis.llen("tms:celery:tms")


def link_in(message) -> str:
    return re.findall(r"https://\S+", text_of(message))[-1]


def token_in(message) -> str:
    return link_in(message).partition("#token=")[2]


def test_a_password_reset_mail_has_a_link_that_sets_a_new_password(app, ask, smtp, mail_log):
    ask("Ann@Example.com")
    answer_link_requests()
    (row,) = mail_log.send_all()

    (message,) = smtp.received
    assert smtp.recipients == ["ann@example.com"]
    assert message["Subject"] == "[TMS] Choose a new password"
    assert link_in(message).startswith("https://tasks.example.org/api/password-reset/confirm#token=")
    assert link_in(message) in text_of(message, "html")
    assert "ignore this mail" in text_of(message)
    assert (row.kind.value, row.status) == ("password_reset", MailStatus.SENT)

    app.post_json("/api/password-reset/confirm", {"token": token_in(message), "password": NEW}, status=200)
    app.post_json("/api/token", {"username": "ann", "password": NEW}, status=200)
    app.post_json("/api/token", {"username": "ann", "password": PASSWORD}, status=401)


def test_a_verification_mail_has_a_link_that_verifies_the_address(app, client_of, ann, verify, smtp, mail_log):
    verify()
    answer_link_requests()
    mail_log.send_all()

    (message,) = smtp.received
    assert message["Subject"] == "[TMS] Confirm your e-mail address"
    assert link_in(message).startswith("https://tasks.example.org/api/email-verification/confirm#token=")
    app.post_json("/api/email-verification/confirm", {"token": token_in(message)}, status=200)
    assert client_of(ann).get("/api/users/me").json["email_verified"] is True


class TestNewPersonalToken:
    @pytest.fixture
    def make_token(self, client_of, ann, smtp):
        def make(name="Nightly export", expires_at=None):
            body = {"name": name, "scopes": ["tasks:read", "users:read"], "expires_at": expires_at}
            return client_of(ann).post_json("/api/api-tokens", body, status=201).json

        return make

    def test_the_owner_is_mailed_without_the_token_itself(self, make_token, smtp, mail_log, ann):
        made = make_token(expires_at="2030-01-01T00:00:00Z")
        (row,) = mail_log.send_all()

        (message,) = smtp.received
        assert smtp.recipients == ["ann@example.com"]
        assert message["Subject"] == "[TMS] A personal API token was created for your account"
        for text_ in (text_of(message), text_of(message, "html")):
            assert "Nightly export" in text_
            assert made["hint"] in text_
            assert made["token"] not in text_
            assert "tasks:read, users:read" in text_
            assert "1 January 2030" in text_
            assert "https://tasks.example.org" in text_
        assert (row.kind.value, row.status) == ("token_created", MailStatus.SENT)
        assert made["token"] not in str(row.context)

    def test_a_token_without_expiry_is_valid_until_revoked(self, make_token, smtp, mail_log):
        make_token()
        mail_log.send_all()

        assert "Valid until: it is revoked" in text_of(smtp.received[0])

    def test_the_name_of_a_token_is_literal(self, make_token, smtp, mail_log):
        make_token("<b>x</b> =?utf-8?q?y?= {{ 7*7 }}")
        mail_log.send_all()

        assert "&lt;b&gt;x&lt;/b&gt; =?utf-8?q?y?= {{ 7*7 }}" in text_of(smtp.received[0], "html")

    def test_an_address_in_the_name_becomes_no_link(self, make_token, smtp, mail_log):
        make_token("Your parcel waits: https://evil.example/x")
        mail_log.send_all()

        (message,) = smtp.received
        for text_ in (str(message["Subject"]), text_of(message), text_of(message, "html")):
            assert "https://evil" not in text_
            assert "evil.example" not in text_
        assert "https[:][/][/]evil[.]example" in text_of(message)

    def test_the_owner_is_addressed_by_username(self, make_token, smtp, mail_log):
        make_token()
        mail_log.send_all()

        assert text_of(smtp.received[0]).startswith("Hello ann,")
        assert smtp.received[0]["To"] == "ann <ann@example.com>"

    def test_the_mails_of_a_day_are_limited_and_the_last_one_says_so(self, make_token, smtp, mail_log, queued, ann):
        for number in range(MAX_DAILY_NOTICES + 3):
            make_token(f"Token {number}")
        rows = mail_log.send_all()

        assert queued() == len(smtp.received) == MAX_DAILY_NOTICES
        assert ["not sent for up to a day" in text_of(message) for message in smtp.received] == [False] * (
            MAX_DAILY_NOTICES - 1
        ) + [True]
        assert "not sent for up to a day" in text_of(smtp.received[-1], "html")
        assert [(row.status, row.reason) for row in rows[MAX_DAILY_NOTICES:]] == [(MailStatus.DROPPED, TOO_MANY)] * 3

        mail_log.change(created_at=datetime.now(UTC) - timedelta(days=1, seconds=1))
        make_token("Next day")
        mail_log.send_all()
        assert "Next day" in text_of(smtp.received[-1])

    def test_preferences_do_not_turn_the_mail_off(self, make_token, smtp, mail_log, runtime, ann):
        with runtime.transaction() as session:
            off = dict.fromkeys(("assigned", "updated", "due_soon"), "off")
            session.add(NotificationPreference(user_id=ann.id, own_changes=False, **off))
        make_token()
        mail_log.send_all()

        assert len(smtp.received) == 1
        assert smtp.received[0]["List-Unsubscribe"] is None

    def test_the_mail_is_queued_after_the_commit(self, make_token, queued, mail_log, runtime):
        make_token()
        assert queued() == 1

    def test_a_rejected_token_sends_no_mail(self, client_of, ann, smtp, mail_log, queued):
        body_ = {"name": "a", "scopes": ["admin"], "expires_at": None}
        client_of(ann).post_json("/api/api-tokens", body_, status=400)

        assert (mail_log.rows(), queued()) == ([], 0)

    def test_the_command_line_shows_the_mail(self, make_token, mail_log, tms):
        make_token()

        assert "token_created" in tms("mail", "list").output
        assert "Nightly export" in tms("mail", "show", str(mail_log.row().id)).output


def test_the_old_address_is_mailed_a_link_that_undoes_the_change(app, client_of, ann, smtp, mail_log):
    change = {"email": "new@example.com", "current_password": PASSWORD}
    client_of(ann).patch_json("/api/users/me", change, status=200)
    (row,) = mail_log.send_all()

    (message,) = smtp.received
    assert (smtp.recipients, row.address) == (["ann@example.com"], "ann@example.com")
    assert message["Subject"] == "[TMS] The e-mail address of your account was changed"
    assert message["List-Unsubscribe"] is None
    assert link_in(message).startswith("https://tasks.example.org/api/email-change/undo#token=")
    assert link_in(message) in text_of(message, "html")
    assert "new@example.com" not in message.as_string()

    app.post_json("/api/email-change/undo", {"token": token_in(message)}, status=200)
    answer_link_requests()
    mail_log.send_all()

    (_, reset) = smtp.received
    assert smtp.recipients == ["ann@example.com"] * 2
    app.post_json("/api/password-reset/confirm", {"token": token_in(reset), "password": NEW}, status=200)
    app.post_json("/api/token", {"username": "ann@example.com", "password": NEW}, status=200)


def test_a_change_by_an_administrator_is_mailed_without_a_link(client_of, make_user, ann, smtp, mail_log):
    admin = client_of(make_user("root", is_admin=True))
    admin.patch_json(f"/api/users/{ann.id}", {"email": "new@example.com"}, status=200)
    mail_log.send_all()

    (message,) = smtp.received
    assert smtp.recipients == ["ann@example.com"]
    assert "An administrator did this" in text_of(message)
    assert "token=" not in message.as_string()


def test_a_change_that_is_rolled_back_sends_no_mail(client_of, make_user, ann, smtp, mail_log):
    make_user("bob")
    change = {"email": "new@example.com", "username": "bob", "current_password": PASSWORD}
    client_of(ann).patch_json("/api/users/me", change, status=409)

    assert mail_log.rows() == []


def test_a_link_that_was_used_before_its_mail_went_out_is_not_sent(client_of, ann, smtp, mail_log, runtime):
    change = {"email": "new@example.com", "current_password": PASSWORD}
    client_of(ann).patch_json("/api/users/me", change, status=200)
    with runtime.transaction() as session:
        session.execute(update(AccountLink).values(used_at=func.now()))

    assert mail_log.send_all()[0].status is MailStatus.DROPPED
    assert smtp.received == []


@pytest.mark.parametrize(
    ("email", "recipient"),
    [
        ("x@faß.de", "x@xn--fa-hia.de"),
        ("x@ex\u200bample.com", "x@example.com"),
        ("x@MÜNCHEN.de", "x@xn--mnchen-3ya.de"),
        ('"a b"@x.com', '"a b"@x.com'),
    ],
)
def test_a_link_goes_to_the_mailbox_that_was_registered(app, runtime, smtp, mail_log, email, recipient):
    app.post_json("/api/users", {"username": "xy", "email": email, "password": PASSWORD}, status=201)
    app.post_json("/api/password-reset", {"email": email}, status=202)
    answer_link_requests()

    assert mail_log.send_all()[0].status is MailStatus.SENT
    assert smtp.recipients == [recipient]


def test_account_mails_have_no_unsubscribe_link(ask, smtp, mail_log):
    ask()
    answer_link_requests()
    mail_log.send_all()

    (message,) = smtp.received
    assert message["List-Unsubscribe"] is None
    assert message["List-Unsubscribe-Post"] is None
    assert "Turn off" not in text_of(message) + text_of(message, "html")


def test_preferences_do_not_affect_account_mails(ask, smtp, mail_log, runtime, ann):
    with runtime.transaction() as session:
        off = dict.fromkeys(("assigned", "updated", "due_soon"), "off")
        session.add(NotificationPreference(user_id=ann.id, own_changes=False, **off))
    ask()
    answer_link_requests()
    mail_log.send_all()

    assert len(smtp.received) == 1


@pytest.mark.parametrize("email", ["nobody@example.com", "idle@example.com", "ann"])
def test_an_address_without_an_active_account_is_sent_nothing(ask, make_user, app, smtp, mail_log, requests, email):
    make_user("idle", is_active=False)
    app.post_json("/api/password-reset", {"email": email}, expect_errors=True)
    answer_link_requests()
    mail_log.send_all()

    assert (smtp.received, mail_log.rows(), requests()) == ([], [], [])


def test_an_answered_request_is_deleted(ask, requests):
    ask()
    assert [one.email for one in requests()] == ["ann@example.com"]

    answer_link_requests()
    answer_link_requests()

    assert requests() == []


def test_the_token_is_never_stored_even_while_its_mail_waits(ask, smtp, mail_log, runtime):
    ask()
    answer_link_requests()
    before = everything(runtime)
    mail_log.send_all()

    token = token_in(smtp.received[0])
    assert len(token) == 43
    assert token not in before
    assert token not in everything(runtime)
    assert "account_link" in before


def everything(runtime) -> str:
    """Return all rows of all tables and all values in Redis as text."""
    with runtime.transaction() as session:
        tables = session.scalars(text("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")).all()
        rows = [session.scalar(text(f"SELECT string_agg(t::text, ' ') FROM {name} t")) or "" for name in tables]
    lists = [key for key in runtime.redis.keys("*") if runtime.redis.type(key) == b"list"]
    redis = [str(runtime.redis.lrange(key, 0, -1)) for key in lists]
    return " ".join([*tables, *rows, *redis])


def test_a_crash_before_the_commit_sends_the_same_token_again(ask, smtp, mail_log, killed_after):
    ask()
    answer_link_requests()
    with killed_after(SmtpTransport, "send"):
        send_mail(mail_log.row().id)
    mail_log.send_again()

    first, second = smtp.received
    assert token_in(first) == token_in(second)
    assert first["Message-ID"] == second["Message-ID"]


def test_a_deferred_mail_is_sent_while_its_link_is_valid(ask, smtp, mail_log):
    ask()
    answer_link_requests()
    smtp.answers["RCPT"] = ["450 busy"]
    assert mail_log.send_all()[0].status is MailStatus.WAITING

    mail_log.change(next_attempt_at=datetime.now(UTC))

    assert mail_log.send_all()[0].status is MailStatus.SENT
    assert token_in(smtp.received[0])


@pytest.mark.parametrize(
    "values",
    [{"expires_at": func.now() - timedelta(seconds=1)}, {"used_at": func.now()}],
    ids=["expired", "used"],
)
def test_an_invalid_link_is_not_sent(ask, smtp, mail_log, runtime, values):
    ask()
    answer_link_requests()
    with runtime.transaction() as session:
        session.execute(update(AccountLink).values(**values))

    (row,) = mail_log.send_all()

    assert (row.status, smtp.received) == (MailStatus.DROPPED, [])
    assert row.reason == "its link was used, has expired, or the address was changed"


def test_a_link_for_the_old_address_is_not_sent_to_a_new_one(ask, smtp, mail_log, runtime, ann):
    ask()
    answer_link_requests()
    with runtime.transaction() as session:
        session.get_one(User, ann.id).email = "new@example.com"

    assert mail_log.send_all()[0].status is MailStatus.DROPPED
    assert smtp.received == []


def test_links_signed_with_an_old_key_are_not_sent(ask, smtp, mail_log, runtime):
    ask()
    answer_link_requests()
    use(other := configure({**runtime.ini, "tms.jwt_private_key": "another-key-" * 5}, web=False).registry.tms)
    try:
        assert mail_log.send_all()[0].status is MailStatus.DROPPED
    finally:
        other.close()


def test_a_request_is_queued_after_its_commit(ask, queued, requests):
    ask()

    assert queued() == 1


def test_a_request_that_the_queue_lost_is_answered(ask, mail_log, runtime, queued):
    ask()
    runtime.redis.flushall()

    send_waiting()

    assert len(mail_log.rows()) == 1
    assert queued() == 1


def test_the_request_is_kept_while_redis_is_down(ann, runtime, requests, mail_log):
    ini = {**runtime.ini, "tms.redis_url": "redis://127.0.0.1:1/0"}
    away = TestApp(configure(ini, web=True).make_wsgi_app())
    try:
        away.post_json("/api/password-reset", {"email": "ann@example.com"}, status=202)
    finally:
        away.app.registry.tms.close()
        use(runtime)

    send_waiting()
    assert len(mail_log.rows()) == 1


def test_a_request_that_is_rolled_back_leaves_nothing(runtime, queued, requests):
    with runtime.sessions() as session:
        runtime.mailer.ask(session, LinkRequest(LinkPurpose.PASSWORD_RESET, "ann@example.com", "https://x/{token}"))
        session.rollback()

    assert (queued(), requests()) == (0, [])


def test_the_command_line_shows_the_mail_and_not_its_token(ask, smtp, mail_log, tms):
    ask()
    answer_link_requests()
    row = mail_log.row()

    listed, shown = tms("mail", "list"), tms("mail", "show", str(row.id))
    mail_log.send_all()

    assert "password_reset" in listed.output
    assert "#token=(hidden)" in shown.output
    assert token_in(smtp.received[0]) not in shown.output
    assert "[TMS] Choose a new password" in tms("mail", "list").output


def test_the_link_leads_to_the_configured_page(ask, smtp, mail_log, runtime, ann):
    ini = {**runtime.ini, "tms.api.password_reset_url": "{public_url}/new-password?t={token}"}
    own = TestApp(configure(ini, web=True).make_wsgi_app())
    try:
        own.post_json("/api/password-reset", {"email": "ann@example.com"}, status=202)
    finally:
        own.app.registry.tms.close()
        use(runtime)
    answer_link_requests()
    mail_log.send_all()

    assert link_in(smtp.received[0]).startswith("https://tasks.example.org/new-password?t=")
