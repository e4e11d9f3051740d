"""Held mails: to unverified addresses and above the hourly limit, and their summary after release."""

import re
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest
from sqlalchemy import func, text, update
from webtest import TestApp

from tms_core.account_mail import LinkRequest
from tms_core.app import configure
from tms_core.celery import use
from tms_core.models import AccountLink, LinkPurpose, User
from tms_core.services.account_links import AccountLinkService
from tms_core.services.tasks import TaskService
from tms_notifications import delivery
from tms_notifications.models import Delivery, Handling, MailStatus, NotificationPreference, NotificationRecipient
from tms_notifications.services.due_soon import create_service as due_soon_service
from tms_notifications.services.due_soon import today_in
from tms_notifications.services.holding import UNPROVED
from tms_notifications.services.link_requests import MAX_DAILY_UNPROVED
from tms_notifications.services.retries import RetryService
from tms_notifications.services.sending import UNPROVED_NOTICE
from tms_notifications.services.summaries import SummaryService
from tms_notifications.summary_items import MAX_ITEMS
from tms_notifications.tasks import collect, send_due_soon, send_mail, send_waiting
from tms_testing.fixtures import PASSWORD


@pytest.fixture(scope="module")
def packages():
    return ("tms_api", "tms_notifications")


@pytest.fixture(scope="module")
def settings(smtp_settings):
    return {**smtp_settings, "tms.notifications.unproved": "hold", "tms.notifications.most_per_hour": "3"}


@pytest.fixture
def boss(make_user):
    """Assigns tasks to others, and is sent no mails."""
    return make_user("boss")


@pytest.fixture
def stranger(make_user):
    """A user with an unverified address."""
    return make_user("ann", email="stranger@example.com", first_name="Ann")


@pytest.fixture
def verified(make_user):
    return make_user("bob", email_verified_at=datetime.now(UTC))


@pytest.fixture
def assign(tasks, relay_once, boss):
    """Assigns `count` tasks to a user."""

    def run(user, count: int = 1, title: str = "Task") -> None:
        for number in range(count):
            tasks.create(boss, assigned_to=user.id, title=f"{title} {number + 1}")
        relay_once()

    return run


@pytest.fixture
def verify(runtime):
    def run(user) -> None:
        with runtime.transaction() as session:
            session.get_one(User, user.id).email_verified_at = datetime.now(UTC)

    return run


@pytest.fixture
def sweep(mail_log):
    """Runs the tasks of beat and sends the mails, as workers would."""

    def run():
        send_waiting()
        return mail_log.send_all()

    return run


@pytest.fixture
def end_hour(runtime):
    """Moves the stored times one hour back."""

    def run() -> None:
        with runtime.transaction() as session:
            hour = timedelta(hours=1, seconds=1)
            row = NotificationRecipient
            session.execute(
                update(row).values(hour_began_at=row.hour_began_at - hour, held_until=row.held_until - hour)
            )

    return run


def body(message, kind: str = "plain") -> str:
    return message.get_body((kind,)).get_content().replace("\r\n", "\n")


def subjects(smtp) -> list[str]:
    return [str(message["Subject"]) for message in smtp.received]


def by_status(rows) -> dict[str, int]:
    statuses = [row.status.value for row in rows]
    return {status: statuses.count(status) for status in sorted(set(statuses))}


def test_task_mails_to_an_unverified_address_are_held(stranger, assign, smtp, mail_log, sweep):
    assign(stranger, 5)
    mail_log.send_all()
    rows = sweep()

    assert subjects(smtp) == ["[TMS] Confirm your e-mail address"]
    held = [row for row in rows if row.status is MailStatus.HELD]
    assert [row.reason for row in held] == [UNPROVED] * 5


def test_held_mails_are_sent_as_one_mail_after_verification(stranger, assign, smtp, mail_log, sweep, app):
    assign(stranger, 3)
    mail_log.send_all()
    sweep()
    token = re.findall(r"#token=(\S+)", body(smtp.received[0]))[0]
    app.post_json("/api/email-verification/confirm", {"token": token}, status=200)

    rows = sweep()
    sweep()

    assert subjects(smtp)[1:] == ["[TMS] 3 changes of your tasks"]
    message = smtp.received[1]
    for part in (body(message), body(message, "html")):
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

    assert subjects(smtp) == ["[TMS] Task 1 (#1)"]


def test_a_single_held_mail_is_sent_unchanged(stranger, assign, smtp, mail_log, sweep, verify):
    assign(stranger)
    mail_log.send_all()
    verify(stranger)
    sweep()

    assert subjects(smtp) == ["[TMS] Task 1 (#1)"]


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
    assert subjects(smtp) == ["[TMS] A personal API token was created for your account"]


def test_an_address_set_by_an_administrator_counts_as_verified(make_user, client_of, assign, smtp, mail_log, sweep):
    body = {"username": "zoe", "email": "zoe@example.com", "password": PASSWORD}
    zoe = client_of(make_user("root", is_admin=True)).post_json("/api/users", body, status=201).json
    assign(SimpleNamespace(**zoe))
    mail_log.send_all()
    sweep()

    assert subjects(smtp) == ["[TMS] Task 1 (#1)"]


def test_a_verification_link_is_sent_once_without_a_request(stranger, assign, smtp, mail_log, sweep):
    for _ in range(3):
        assign(stranger)
        mail_log.send_all()
        sweep()

    assert subjects(smtp) == ["[TMS] Confirm your e-mail address"]


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
    assert subjects(smtp) == ["[TMS] Confirm your e-mail address"]
    assert [row.kind.value for row in rows] == ["email_verification"]


def test_a_held_mail_sends_no_second_verification_link_after_registration(app, smtp, mail_log, sweep, assign, runtime):
    eve = register(app)
    sweep()
    with runtime.transaction() as session:
        session.execute(update(AccountLink).values(expires_at=func.now() - timedelta(days=2)))
    assign(SimpleNamespace(**eve))
    mail_log.send_all()
    sweep()

    assert subjects(smtp) == ["[TMS] Confirm your e-mail address"]


def test_a_verification_mail_addresses_the_user_by_username_only(app, smtp, sweep):
    register(app, first_name="You have won", last_name="a prize")
    sweep()

    assert body(smtp.received[0]).startswith("Hello eve,")
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


@pytest.fixture
def reconfigured(runtime):
    """Starts the same system with other settings."""
    runtimes = []

    def start(**values: str):
        other = configure(
            {**runtime.ini, **{name.replace("__", "."): value for name, value in values.items()}}, web=True
        )
        runtimes.append(other.registry.tms)
        use(other.registry.tms)
        return TestApp(other.make_wsgi_app())

    yield start
    for other_runtime in runtimes:
        other_runtime.close()
    use(runtime)


@pytest.mark.parametrize("values", [{"tms__registration": "closed"}, {"tms__notifications__unproved": "send"}])
def test_closed_registration_and_send_need_no_verification(stranger, assign, smtp, mail_log, reconfigured, values):
    assign(stranger)
    reconfigured(**values)
    mail_log.send_all()

    assert subjects(smtp) == ["[TMS] Task 1 (#1)"]


def test_closing_registration_releases_held_mails(stranger, assign, smtp, mail_log, reconfigured, sweep):
    assign(stranger, 2)
    mail_log.send_all()
    reconfigured(tms__registration="closed")
    rows = sweep()

    assert "[TMS] 2 changes of your tasks" in subjects(smtp)
    assert MailStatus.HELD not in {row.status for row in rows}


def test_registration_sends_no_verification_link_where_mails_are_not_held(reconfigured, smtp, sweep, runtime):
    register(reconfigured(tms__notifications__unproved="send"))
    sweep()

    assert smtp.received == []


def test_the_hourly_limit_counts_the_mails_of_a_batch(verified, assign, smtp, mail_log):
    assign(verified, 5)
    send_mail(*[row.id for row in mail_log.rows()])

    assert [row.status for row in mail_log.rows()] == [MailStatus.SENT] * 3 + [MailStatus.HELD] * 2
    assert len(smtp.received) == 3


def test_the_hourly_limit_counts_earlier_mails_and_those_of_a_batch(verified, assign, smtp, mail_log):
    assign(verified, 2)
    mail_log.send_all()
    assign(verified, 5)
    send_mail(*[row.id for row in mail_log.rows()])

    assert by_status(mail_log.rows()) == {"held": 4, "sent": 3}
    assert subjects(smtp)[2:] == ["[TMS] Task 1 (#3)"]


def test_mails_above_the_hourly_limit_are_sent_as_one_mail(verified, assign, smtp, mail_log, sweep, end_hour):
    assign(verified, 10)
    rows = mail_log.send_all()
    sweep()

    assert subjects(smtp) == [f"[TMS] Task {number} (#{number})" for number in (1, 2, 3)]
    assert by_status(rows) == {"held": 7, "sent": 3}
    assert {row.reason for row in rows if row.status is MailStatus.HELD} == {
        "held because 3 mails went out within an hour"
    }

    end_hour()
    rows = sweep()
    sweep()

    assert subjects(smtp)[3:] == ["[TMS] 7 changes of your tasks"]
    assert all(f"Task {number} (" in body(smtp.received[3]) for number in range(4, 11))
    assert by_status(rows) == {"coalesced": 7, "sent": 4}


def test_a_long_summary_has_the_number_of_further_mails(verified, assign, smtp, mail_log, sweep, end_hour):
    assign(verified, MAX_ITEMS + 15)
    mail_log.send_all()
    end_hour()
    rows = sweep()

    assert subjects(smtp)[3:] == [f"[TMS] {MAX_ITEMS + 12} changes of your tasks"]
    for part in (body(smtp.received[3]), body(smtp.received[3], "html")):
        assert "And 12 more." in part
    assert by_status(rows) == {"coalesced": MAX_ITEMS + 12, "sent": 4}


@pytest.fixture
def assign_at_once(runtime, relay_once, boss):
    """Assigns `count` tasks to a user in one transaction, which is one bulk mail."""

    def run(user, count: int, title: str) -> None:
        with runtime.transaction() as session:
            for number in range(count):
                values = {"assigned_to": user.id, "title": f"{title} {number + 1}"}
                TaskService(session, boss.actor, "team").create(values)
        relay_once()

    return run


def test_held_bulk_mails_become_one_mail(verified, assign_at_once, smtp, mail_log, ledger, sweep, end_hour):
    for number in range(10):
        assign_at_once(verified, 2, f"Bulk {number}, task")
    rows = mail_log.send_all()
    assert by_status(rows) == {"held": 7, "sent": 3}
    end_hour()
    rows = sweep()
    sweep()

    assert by_status(rows) == {"coalesced": 7, "sent": 4}
    assert subjects(smtp)[3:] == ["[TMS] 14 changes of your tasks"]
    part = body(smtp.received[3])
    assert all(f"Bulk {bulk}, task {task} (" in part for bulk in range(3, 10) for task in (1, 2))
    assert "There were many changes in a short time" in part
    (summary,) = [row for row in rows if row.key.startswith("summary:")]
    assert {row.reason for row in rows if row.status is MailStatus.COALESCED} == {f"included in mail {summary.id}"}
    outcomes = ledger.outcomes(verified)
    assert outcomes == [("assigned", "coalesced", "included")] * 6 + [("assigned", "digest", "hourly_limit")] * 14


def test_the_ledger_has_what_became_of_the_summary(
    verified, assign, client_of, runtime, smtp, mail_log, ledger, sweep, end_hour
):
    assign(verified, 5)
    mail_log.send_all()
    end_hour()
    smtp.answers["DATA"] = ["554 no"]
    summary = sweep()[-1]

    assert ledger.outcomes(verified)[3:] == [("assigned", "failed", "not_delivered")] * 2
    with_mail = client_of(verified).get("/api/users/me/notifications/log").json["results"][:2]
    assert [(row["mail"]["id"], row["mail"]["answer"]) for row in with_mail] == [(summary.id, "554 no")] * 2

    with runtime.transaction() as session:
        RetryService(session).retry(summary.id)
    mail_log.send_all()
    assert ledger.outcomes(verified)[3:] == [("assigned", "digest", "hourly_limit")] * 2


def test_a_summary_of_bulk_mails_has_the_number_of_further_tasks(
    verified, assign, assign_at_once, smtp, mail_log, sweep, end_hour
):
    assign(verified, 3)
    assign_at_once(verified, MAX_ITEMS + 5, "First")
    assign(verified, 1, "Second")
    assign_at_once(verified, MAX_ITEMS - 10, "Third")
    mail_log.send_all()
    end_hour()
    sweep()

    assert subjects(smtp)[3:] == [f"[TMS] {2 * MAX_ITEMS - 4} changes of your tasks"]
    part = body(smtp.received[3])
    assert f"And {MAX_ITEMS - 4} more." in part
    titles = ("First ", "Second ", "Third ")
    assert [part.count(f"* {title}") for title in titles] == [9, 1, MAX_ITEMS - 10]


def test_held_digests_become_one_mail_with_the_tasks_that_are_still_due(
    stranger, boss, tasks, relay_once, smtp, mail_log, ledger, sweep, verify, runtime
):
    ledger.prefer(stranger, assigned="off", updated="off", due_soon="digest")
    today = today_in(runtime.core.zone)
    day = timedelta(days=1)
    _late, done = (
        tasks.create(boss, assigned_to=stranger.id, title=title, due_date=today - day) for title in ("Late", "Done")
    )
    tasks.create(boss, assigned_to=stranger.id, title="Now", due_date=today)
    for announced in (today - 2 * day, today):
        with runtime.transaction() as session:
            due_soon_service(runtime, session, delivery=Delivery.DIGEST).announce(announced, None)
        collect(Handling.DIGEST)
        mail_log.send_all()
    tasks.change(boss, done, status="COMPLETED")
    relay_once()
    verify(stranger)
    rows = sweep()
    sweep()

    assert by_status(rows) == {"coalesced": 2, "sent": 1}
    (message,) = smtp.received
    assert message["Subject"] == "[TMS] Your daily digest"
    part = body(message)
    due, overdue = part.partition("OVERDUE")[::2]
    assert ("Now (" in due, "Late (" in overdue, "Done" in part) == (True, True, False)
    assert ".due_soon." in message["List-Unsubscribe"]


def test_held_digests_without_tasks_that_are_still_due_are_dropped(
    stranger, boss, tasks, relay_once, smtp, mail_log, ledger, sweep, verify, runtime
):
    ledger.prefer(stranger, assigned="off", updated="off", due_soon="digest")
    today = today_in(runtime.core.zone)
    for _ in range(2):
        task_id = tasks.create(boss, assigned_to=stranger.id, due_date=today)
        with runtime.transaction() as session:
            due_soon_service(runtime, session, delivery=Delivery.DIGEST).announce(today, None)
        collect(Handling.DIGEST)
        mail_log.send_all()
        tasks.delete(boss, task_id)
    verify(stranger)
    sweep()

    assert smtp.received == []
    assert ledger.outcomes(stranger) == [("due_soon", "suppressed", "not_open")] * 2


def test_the_hourly_limit_starts_anew_each_hour(verified, assign, smtp, mail_log, end_hour):
    assign(verified, 3)
    mail_log.send_all()
    end_hour()
    assign(verified, 3)
    mail_log.send_all()

    assert len(smtp.received) == 6


def test_the_hourly_limit_is_per_user(verified, assign, smtp, mail_log, make_user):
    zoe = make_user("zoe", email_verified_at=datetime.now(UTC))
    assign(verified, 3)
    assign(zoe, 3)
    mail_log.send_all()

    assert len(smtp.received) == 6


def test_retries_of_a_mail_count_once(verified, assign, smtp, mail_log):
    assign(verified, 3)
    smtp.answers["RCPT"] = ["450 busy"] * 3
    mail_log.send_all()
    rows = mail_log.send_again()

    assert by_status(rows) == {"sent": 3}


@pytest.fixture
def send_slowly(monkeypatch):
    """Sends a batch whose time is over after the first mail."""

    def run(*mail_ids: int) -> None:
        moments = iter((0.0, 0.0, 0.0))
        with monkeypatch.context() as patch:
            patch.setattr(delivery, "monotonic", lambda: next(moments, delivery.MAX_SECONDS + 1))
            send_mail(*mail_ids)

    return run


def test_mails_that_a_slow_batch_gives_back_count_once(verified, assign, smtp, mail_log, send_slowly):
    assign(verified, 3)
    ids = [row.id for row in mail_log.rows()]
    send_slowly(*ids)
    assert by_status(mail_log.rows()) == {"sent": 1, "waiting": 2}
    send_slowly(*ids)
    send_mail(*ids)

    assert by_status(mail_log.rows()) == {"sent": 3}


def test_mails_that_are_given_back_make_room_for_others(verified, assign, smtp, mail_log, send_slowly):
    assign(verified, 5)
    send_slowly(*[row.id for row in mail_log.rows()])
    assert by_status(mail_log.rows()) == {"held": 2, "sent": 1, "waiting": 2}
    assign(verified, 1, "Other")
    send_mail(mail_log.rows()[-1].id)

    assert by_status(mail_log.send_all()) == {"held": 3, "sent": 3}
    assert subjects(smtp) == ["[TMS] Task 1 (#1)", "[TMS] Other 1 (#6)", "[TMS] Task 2 (#2)"]


def test_a_batch_that_is_given_back_before_its_preparation_is_counted_later(
    verified, assign, smtp, mail_log, monkeypatch
):
    assign(verified, 4)
    ids = [row.id for row in mail_log.rows()]
    moments = iter((0.0,))
    with monkeypatch.context() as patch:
        patch.setattr(delivery, "monotonic", lambda: next(moments, delivery.MAX_SECONDS + 1))
        send_mail(*ids)
    send_mail(*ids)

    assert by_status(mail_log.rows()) == {"held": 1, "sent": 3}


def test_mails_that_are_dropped_do_not_count(verified, assign, smtp, mail_log, runtime):
    with runtime.transaction() as session:
        session.add(NotificationPreference(user_id=verified.id, assigned="off"))
    assign(verified, 5)
    mail_log.send_all()
    with runtime.transaction() as session:
        session.get_one(NotificationPreference, verified.id).assigned = "immediate"
    assign(verified, 3)
    mail_log.send_all()

    assert len(smtp.received) == 3


def test_zero_means_no_limit(verified, assign, smtp, mail_log, reconfigured):
    assign(verified, 8)
    reconfigured(tms__notifications__most_per_hour="0")
    mail_log.send_all()

    assert len(smtp.received) == 8


@pytest.mark.parametrize(
    ("values", "reason"),
    [({"assigned": "off"}, "the user turned assigned off"), ({"own_changes": False}, "the user's own change")],
)
def test_unwanted_mails_are_not_in_the_summary(
    stranger, tasks, relay_once, smtp, mail_log, sweep, verify, runtime, values, reason
):
    for _ in range(2):
        tasks.create(stranger, assigned_to=stranger.id)
    relay_once()
    mail_log.send_all()
    with runtime.transaction() as session:
        session.add(NotificationPreference(user_id=stranger.id, **values))
    verify(stranger)
    rows = sweep()

    assert smtp.received == []
    assert [(row.status, row.reason) for row in rows] == [(MailStatus.DROPPED, reason)] * 2


def test_a_held_change_by_several_users_is_not_the_users_own(stranger, assign, smtp, mail_log, sweep, verify, runtime):
    assign(stranger)
    context = mail_log.row().context
    mail_log.change(context={**context, "actor_id": stranger.id, "actor_ids": [context["actor_id"], stranger.id]})
    mail_log.send_all()
    with runtime.transaction() as session:
        session.add(NotificationPreference(user_id=stranger.id, own_changes=False))
    verify(stranger)
    sweep()

    assert [mail["Subject"] for mail in smtp.received] == ["[TMS] Task 1 (#1)"]


def test_muted_tasks_are_not_in_the_summary(stranger, assign, smtp, mail_log, ledger, sweep, verify):
    assign(stranger, 4)
    *_, before, after = mail_log.rows()
    mail_log.send_all()
    ledger.mute(stranger, before.task_id)
    verify(stranger)
    send_waiting()
    ledger.mute(stranger, after.task_id)
    mail_log.send_all()

    (mail,) = smtp.received
    text = mail.get_body(("plain",)).get_content()
    assert [f"Task {number} " in text for number in (1, 2, 3, 4)] == [True, True, False, False]
    outcomes = [outcome for _, *outcome in ledger.outcomes(stranger)]
    assert outcomes == [["coalesced", "included"]] * 2 + [["suppressed", "muted"]] * 2


def test_a_summary_of_muted_tasks_is_dropped(stranger, assign, smtp, mail_log, ledger, sweep, verify):
    assign(stranger, 2)
    mail_log.send_all()
    verify(stranger)
    send_waiting()
    for row in mail_log.rows()[:2]:
        ledger.mute(stranger, row.task_id)
    mail_log.send_all()

    assert (mail_log.rows()[-1].status, smtp.received) == (MailStatus.DROPPED, [])


def test_a_part_of_a_waiting_summary_that_its_user_turns_off_is_left_out(
    stranger, assign, tasks, boss, smtp, mail_log, ledger, sweep, verify, noon
):
    assign(stranger, 2)
    tasks.create(boss, assigned_to=stranger.id, due_date=noon.date())
    send_due_soon()
    mail_log.send_all()
    verify(stranger)
    send_waiting()
    ledger.prefer(stranger, due_soon="off")
    mail_log.send_all()

    (message,) = smtp.received
    assert message["Subject"] == "[TMS] 2 changes of your tasks"
    assert "due that day or the next" not in body(message)
    assert ("due_soon", "suppressed", "preference_off") in ledger.outcomes(stranger)


def test_a_waiting_summary_is_dropped_when_its_user_turns_mails_off(
    stranger, assign, smtp, mail_log, sweep, verify, runtime
):
    assign(stranger, 2)
    mail_log.send_all()
    verify(stranger)
    send_waiting()
    with runtime.transaction() as session:
        session.add(NotificationPreference(user_id=stranger.id, assigned="off"))
    mail_log.send_all()

    (row,) = [row for row in mail_log.rows() if row.kind.value == "summary"]
    assert (row.status, row.reason) == (MailStatus.DROPPED, "the user turned assigned off")
    assert smtp.received == []


def test_a_mail_that_was_held_for_long_is_not_given_up_at_the_first_delay(
    stranger, assign, smtp, mail_log, sweep, verify
):
    assign(stranger)
    mail_log.send_all()
    mail_log.change(created_at=datetime.now(UTC) - timedelta(days=9))
    verify(stranger)
    smtp.answers["RCPT"] = ["450 greylisted"]
    (row,) = sweep()
    assert (row.status, row.reason) == (MailStatus.WAITING, "450 greylisted")

    (row,) = mail_log.send_again()
    assert row.status is MailStatus.SENT
    assert smtp.received[0]["Date"].datetime > datetime.now(UTC) - timedelta(hours=1)


def test_hidden_tasks_are_not_in_the_summary(
    stranger, boss, assign, tasks, smtp, mail_log, sweep, verify, reconfigured, relay_once
):
    assign(stranger, 3)
    mail_log.send_all()
    lost = next(row.task_id for row in mail_log.rows())
    tasks.change(boss, lost, assigned_to=boss.id)
    verify(stranger)
    reconfigured(tms__visibility="private")
    send_waiting()
    mail_log.send_all()

    message = smtp.received[-1]
    assert message["Subject"] == "[TMS] 2 changes of your tasks"
    assert "Task 1 (" not in body(message)
    assert "Task 2 (" in body(message)


def test_held_mails_of_a_deleted_account_are_dropped(stranger, assign, smtp, mail_log, sweep, client_of):
    assign(stranger, 2)
    mail_log.send_all()
    client_of(stranger).delete("/api/users/me", status=200)
    rows = sweep()

    assert MailStatus.HELD not in {row.status for row in rows}
    assert {row.reason for row in rows if row.status is MailStatus.DROPPED} >= {"the account was deleted"}


def test_a_failing_summary_does_not_block_other_users(
    stranger, verified, assign, smtp, mail_log, sweep, verify, runtime, monkeypatch
):
    assign(stranger, 2)
    mail_log.send_all()
    assign(verified, 5)
    mail_log.send_all()
    verify(stranger)
    summarise = SummaryService._summarise

    def fails_for_ann(self, user_id: int, *args) -> None:
        if user_id == stranger.id:
            self._session.execute(text("SELECT 1 / 0"))
        summarise(self, user_id, *args)

    monkeypatch.setattr(SummaryService, "_summarise", fails_for_ann)
    with runtime.transaction() as session:
        session.execute(update(NotificationRecipient).values(held_until=func.now()))
    rows = sweep()

    assert subjects(smtp)[-1] == "[TMS] 2 changes of your tasks"
    assert by_status(row for row in rows if row.user_id == stranger.id and row.kind.value == "assigned") == {"held": 2}


def test_the_command_line_lists_held_mails(stranger, assign, smtp, mail_log, tms):
    assign(stranger)
    mail_log.send_all()
    (row,) = [row for row in mail_log.rows() if row.status is MailStatus.HELD]

    assert UNPROVED in tms("mail", "list", "--status", "held").output
    assert f"[held: {UNPROVED}]" in tms("mail", "show", str(row.id)).output


@pytest.mark.parametrize("kinds", [{"assigned"}, {"assigned", "updated"}])
def test_a_summarys_unsubscribe_link_turns_off_its_kinds(
    stranger, boss, assign, tasks, relay_once, smtp, mail_log, ledger, sweep, verify, app, client_of, kinds
):
    assign(stranger, 2)
    if "updated" in kinds:
        tasks.change(boss, 1, priority="LOW")
        relay_once()
        ledger.make_due()
        collect()
    mail_log.send_all()
    verify(stranger)
    sweep()
    (message,) = smtp.received
    link = message["List-Unsubscribe"].strip("<>").removeprefix("https://tasks.example.org")

    assert ("about tasks assigned to you" if len(kinds) == 1 else "about tasks will") in app.get(link).text
    app.post(link, status=200)

    preferences = client_of(stranger).get("/api/users/me/notifications").json
    # The link of a mail with several kinds turns off all of them.
    off = {"assigned"} if len(kinds) == 1 else {"assigned", "updated", "due_soon"}
    assert {name for name, value in preferences.items() if value == "off"} == off
