"""Any error while a mail is sent counts as an attempt, retries are bounded, and failed mails have a reason."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from tms_core.chained_transactions import ChainedTransactions
from tms_core.models import User
from tms_notifications.models import MailStatus
from tms_notifications.services import sent_records
from tms_notifications.services.attempts import MAX_FAULTS, UNFINISHED, AttemptService
from tms_notifications.services.sending import SendingService
from tms_notifications.smtp import SmtpTransport
from tms_notifications.tasks import send_mail, send_waiting


def end_open_transactions(runtime) -> None:
    """Terminate the backends of the test database that have an open transaction and execute no statement."""
    with runtime.autocommit_engine.connect() as connection:
        connection.execute(
            text(
                "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity "
                "WHERE state LIKE 'idle in transaction%' AND datname = current_database()"
            )
        )


ATTACK = "=?utf-8?q?Hi=0D=0AReply-To_:_evil@x.y=0D=0A<h1>PHISH</h1>?="


@pytest.fixture(scope="module")
def settings(smtp_settings):
    return smtp_settings


@pytest.fixture
def waiting(smtp, tasks, relay_once, ann):
    """One waiting mail to ann."""
    tasks.create(ann, assigned_to=ann.id)
    relay_once()


@pytest.fixture
def raising(monkeypatch):
    """Makes a method of a class raise an error."""

    def replace(owner: type, name: str, error: BaseException) -> None:
        def fail(*_args: object, **_kwargs: object) -> None:
            raise error

        monkeypatch.setattr(owner, name, fail)

    return replace


@pytest.mark.parametrize("title", [ATTACK, "=?utf-8?q?x=00y?=", "=?utf-8?q?a=0D=0ABcc:_e@x.y?=", "=?utf-8?b?eAB5?="])
def test_a_title_that_looks_encoded_is_sent_once_and_literally(smtp, tasks, relay_once, mail_log, ann, title):
    tasks.create(ann, assigned_to=ann.id, title=title)
    relay_once()
    mail_log.send_all()
    (row,) = mail_log.send_again()

    (message,) = smtp.received
    assert message["Subject"] == row.subject == f"[TMS] {title} (#1)"
    assert (message["Reply-To"], message["Bcc"]) == (None, None)
    assert (row.status, row.attempts) == (MailStatus.SENT, 1)


ERRORS = [
    RuntimeError("anything"),
    UnicodeEncodeError("ascii", "ü", 0, 1, "ordinal not in range"),
    MemoryError(),
    RuntimeError("with \x00 and \x1b[2J"),
    RuntimeError("long " * 1000),
    OperationalError("SELECT secret", {}, Exception("server closed the connection")),
]


@pytest.mark.parametrize("error", ERRORS, ids=["plain", "unicode", "memory", "odd", "long", "database"])
@pytest.mark.parametrize(
    ("owner", "name"), [(SmtpTransport, "send"), (SendingService, "prepare")], ids=["hand-over", "preparing"]
)
def test_any_error_counts_and_the_mail_fails_after_the_last_attempt(
    waiting, smtp, mail_log, raising, owner, name, error
):
    raising(owner, name, error)
    (row,) = mail_log.send_all()

    assert (row.status, row.attempts) == (MailStatus.WAITING, 1)
    assert row.reason.startswith(type(error).__name__)
    assert row.reason.isprintable()
    assert "secret" not in row.reason
    assert row.next_attempt_at > datetime.now(UTC) + timedelta(seconds=20)

    for _ in range(MAX_FAULTS - 1):
        assert row.status is MailStatus.WAITING
        (row,) = mail_log.send_again()
    assert (row.status, row.attempts) == (MailStatus.FAILED, MAX_FAULTS)
    assert row.reason.startswith(f"given up after {MAX_FAULTS} attempts; the last: {type(error).__name__}")
    assert smtp.received == []


@pytest.mark.parametrize(
    ("owner", "name"),
    [(AttemptService, "lock"), (SendingService, "prepare"), (SmtpTransport, "send")],
    ids=["at the start", "when prepared", "when sent"],
)
def test_a_mail_that_kills_its_worker_each_time_fails(waiting, smtp, mail_log, killed_after, owner, name):
    mail_id = mail_log.row().id
    for number in range(1, MAX_FAULTS + 1):
        mail_log.change(next_attempt_at=datetime.now(UTC))
        with killed_after(owner, name):
            send_mail(mail_id)
        row = mail_log.row()
        assert (row.status, row.attempts, row.reason) == (MailStatus.WAITING, number, UNFINISHED)
        assert row.next_attempt_at > datetime.now(UTC) + timedelta(seconds=20)
    sent = len(smtp.received)

    (row,) = mail_log.send_again()

    assert row.status is MailStatus.FAILED
    assert row.reason == f"given up after {MAX_FAULTS} attempts; the last: {UNFINISHED}"
    assert len(smtp.received) == sent == (MAX_FAULTS if name == "send" else 0)
    assert len({message["Message-ID"] for message in smtp.received}) <= 1


def test_answers_of_the_server_are_not_faults(waiting, smtp, mail_log):
    for _ in range(MAX_FAULTS + 3):
        smtp.answers["RCPT"] = ["450 busy"]
        (row,) = mail_log.send_again()
    assert (row.status, row.reason) == (MailStatus.WAITING, "450 busy")

    (row,) = mail_log.send_again()
    assert (row.status, row.attempts) == (MailStatus.SENT, MAX_FAULTS + 4)


def test_the_servers_reply_is_stored_without_control_characters(waiting, smtp, mail_log):
    smtp.answers["RCPT"] = ["550 no \x1b[31msuch\x00 user"]
    (row,) = mail_log.send_all()

    assert (row.status, row.reason) == (MailStatus.FAILED, "550 no [31msuch user")


@pytest.fixture
def commits_fail(runtime, smtp, monkeypatch):
    """Makes the given number of commits fail after each hand-over: the server ends their connections."""
    monkeypatch.setattr(sent_records, "PAUSES", (0.0, 0.0, 0.0, 0.0))
    left = []
    commit = ChainedTransactions.commit

    def end_connection_and_commit(transactions):
        if left:
            left.pop()
            end_open_transactions(runtime)
        commit(transactions)

    monkeypatch.setattr(ChainedTransactions, "commit", end_connection_and_commit)

    def start(times: int) -> None:
        smtp.at_data = lambda: left.extend(range(times))

    return start


def test_a_mail_is_recorded_as_sent_after_the_database_recovers(waiting, smtp, mail_log, commits_fail):
    commits_fail(3)
    send_mail(mail_log.row().id)

    assert len(smtp.received) == 1
    assert (mail_log.row().status, mail_log.row().attempts) == (MailStatus.SENT, 1)


def test_failing_commits_send_a_bounded_number_of_copies_with_one_id(waiting, smtp, mail_log, commits_fail):
    commits_fail(5)
    for _ in range(MAX_FAULTS + 3):
        (row,) = mail_log.send_again()

    assert row.status is MailStatus.FAILED
    assert len(smtp.received) == MAX_FAULTS
    assert len({message["Message-ID"] for message in smtp.received}) == 1


@pytest.fixture
def database_refuses(runtime):
    """Makes the database reject updates of mails for which a condition holds."""

    def start(condition: str) -> None:
        with runtime.transaction() as session:
            session.execute(
                text(f"""
                    CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$
                    BEGIN IF {condition} THEN RAISE EXCEPTION 'refused'; END IF; RETURN NEW; END $$;
                    CREATE TRIGGER refuse BEFORE UPDATE ON notification_mail FOR EACH ROW EXECUTE FUNCTION refuse();
                """)
            )

    yield start
    with runtime.transaction() as session:
        session.execute(text("DROP FUNCTION IF EXISTS refuse CASCADE"))


@pytest.mark.parametrize("condition", ["NEW.status = 'sent'", "NEW.subject IS NOT NULL", "NEW.address IS NOT NULL"])
def test_mails_that_cannot_be_recorded_as_sent_are_not_sent(waiting, smtp, mail_log, database_refuses, condition):
    database_refuses(condition)
    (row,) = mail_log.send_all()
    assert (row.status, row.attempts) == (MailStatus.WAITING, 1)
    assert "refused" in row.reason

    for _ in range(MAX_FAULTS):
        (row,) = mail_log.send_again()

    assert (row.status, row.attempts) == (MailStatus.FAILED, MAX_FAULTS)
    assert smtp.received == []


def test_a_superseded_attempt_changes_nothing(waiting, smtp, mail_log, monkeypatch):
    prepare = SendingService.prepare

    def overtaken(self, attempts):
        monkeypatch.setattr(SendingService, "prepare", prepare)
        mail_log.send_again()
        return prepare(self, attempts)

    monkeypatch.setattr(SendingService, "prepare", overtaken)
    smtp.answers["RCPT"] = ["450 busy"]
    send_mail(mail_log.row().id)

    row = mail_log.row()
    assert (row.status, row.attempts, row.reason) == (MailStatus.WAITING, 2, "450 busy")
    assert smtp.received == []


@pytest.mark.parametrize("email", ["a..b@x.com", "a@b..c", "a@-b.com", "ann"])
def test_an_invalid_address_fails_at_once(waiting, smtp, mail_log, runtime, ann, email):
    with runtime.transaction() as session:
        session.get_one(User, ann.id).email = email
    (row,) = mail_log.send_all()

    assert (row.status, row.attempts) == (MailStatus.FAILED, 1)
    assert row.reason.startswith(f"{email} ")
    assert smtp.received == []


def test_an_unknown_time_zone_is_replaced_by_the_deployments(waiting, smtp, mail_log, runtime, ann):
    with runtime.transaction() as session:
        session.execute(
            text("INSERT INTO notification_preference (user_id, timezone) VALUES (:id, 'Atlantis/Gone')"),
            {"id": ann.id},
        )
    (row,) = mail_log.send_all()

    assert row.status is MailStatus.SENT


def test_an_unfinished_attempt_is_queued_again_after_its_pause(waiting, mail_log, runtime, killed_after):
    with killed_after(AttemptService, "lock"):
        send_mail(mail_log.row().id)
    runtime.redis.delete("tms:celery:tms")
    send_waiting()
    assert runtime.redis.llen("tms:celery:tms") == 0

    mail_log.change(next_attempt_at=datetime.now(UTC))
    send_waiting()
    assert runtime.redis.llen("tms:celery:tms") == 1
