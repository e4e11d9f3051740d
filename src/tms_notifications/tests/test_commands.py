"""`tms mail` on a development system, which writes mails to files."""

import logging
import re

import pytest
from click.testing import CliRunner

from tms_core.commands.group import main
from tms_notifications.models import MailStatus, NotificationPreference


@pytest.fixture
def tms(ini, tmp_path):
    """Runs `tms mail` with arguments on the module's system."""
    path = tmp_path / "test.ini"
    lines = [f"{key} = {value}".replace("%", "%%").replace("\n", "\n    ") for key, value in ini.items()]
    path.write_text("\n".join(["[app:main]", "use = egg:tms-core", *lines]))
    logs = logging.getLogger().handlers[:]

    def run(*arguments: str, code: int = 0) -> str:
        result = CliRunner().invoke(main, ["--ini", str(path), "mail", *arguments])
        assert result.exit_code == code, result.output
        return result.output

    yield run
    # The command redirects logging to its own standard error, which is closed at its end.
    logging.getLogger().handlers[:] = logs


def test_a_new_system_lists_no_mails(runtime, tms):
    assert tms("list") == "no mails\n"


def test_mails_are_listed_and_shown(tms, tasks, relay_once, mail_log, ann):
    tasks.create(ann, assigned_to=ann.id, title="Buy [bold]milk[/bold]")
    relay_once()
    mail_log.send_all()

    listed = tms("list")
    assert "[TMS] Buy [bold]milk[/bold] (#1)" in listed
    assert "sent" in listed

    shown = tms("show", "1")
    assert "to ann@example.com]" in shown
    assert "Subject: [TMS] Buy [bold]milk[/bold] (#1)" in shown
    assert "You assigned this task to yourself:" in shown
    assert tms("show", "1", "--html").startswith("<!DOCTYPE html>")
    assert "List-Unsubscribe: <http" in tms("show", "1", "--raw")


def test_the_list_shows_why_a_mail_was_not_sent(runtime, tms, tasks, relay_once, mail_log, ann):
    tasks.create(ann, assigned_to=ann.id)
    relay_once()
    with runtime.transaction() as session:
        session.merge(NotificationPreference(user_id=ann.id, assigned="off"))
    mail_log.send_all()

    assert "the user turned assigned off" in tms("list")
    assert "[dropped: the user turned assigned off]" in tms("show", "1")


def test_a_mail_can_be_shown_before_it_is_sent(tms, tasks, relay_once, ann):
    tasks.create(ann, assigned_to=ann.id, title="Not yet")
    relay_once()

    assert "waiting" in tms("list")
    assert "[waiting for a worker]" in tms("show", "1")
    assert "Subject: [TMS] Not yet (#1)" in tms("show", "1")


def test_the_list_can_be_filtered(tms, tasks, relay_once, ann, make_user):
    bob = make_user("bob")
    first = tasks.create(ann, assigned_to=ann.id, title="The first")
    tasks.create(ann, assigned_to=bob.id, title="The second")
    relay_once()

    assert "The second" not in tms("list", "--user", "ANN")
    assert "The second" not in tms("list", "--task", str(first))
    assert "The first" not in tms("list", "--limit", "1")
    assert tms("list", "--status", "sent") == "no mails\n"


def test_control_characters_do_not_reach_the_terminal(tms, tasks, relay_once, mail_log, ann):
    tasks.create(ann, assigned_to=ann.id, title="red\x1b[31m", description="beep\x07\nand on")
    relay_once()
    mail_log.send_all()

    assert not {"\x1b", "\x07"} & set(tms("list") + tms("show", "1"))


def test_text_that_looks_encoded_is_shown_literally(tms, tasks, relay_once, mail_log, ann):
    title = "=?utf-8?q?Hi=0D=0AReply-To_:_evil@x.y?="
    tasks.create(ann, assigned_to=ann.id, title=title)
    relay_once()
    mail_log.send_all()

    assert title in tms("list")
    assert f"Subject: [TMS] {title} (#1)\n" in tms("show", "1")
    assert "\nReply-To" not in tms("show", "1") + tms("show", "1", "--raw")


def test_file_names_contain_nothing_from_the_mail(runtime, tasks, relay_once, mail_log, ann):
    tasks.create(ann, assigned_to=ann.id, title="../../etc/passwd")
    relay_once()
    (row,) = mail_log.send_all()

    (file,) = (runtime.core.state_dir / "mail").glob(f"{row.created_at:%Y%m%dT%H%M%S.%f}*")
    assert re.fullmatch(r"\d{8}T\d{6}\.\d{6}-\d{8}\.eml", file.name)
    assert file.stat().st_mode & 0o077 == 0


def test_a_mail_to_a_non_ascii_address_is_written_to_a_file(tms, tasks, relay_once, mail_log, make_user):
    user = make_user("u", email="ü@x.com")
    tasks.create(user, assigned_to=user.id)
    relay_once()
    (row,) = mail_log.send_all()

    assert (row.status.value, row.attempts) == ("sent", 1)
    assert "To: u <ü@x.com>" in tms("show", "1")
    assert "To: u <ü@x.com>" in tms("show", "1", "--raw")


def test_an_address_cannot_control_the_terminal(tms, tasks, relay_once, mail_log, make_user):
    user = make_user("u", email="a\x1b[2J\u202e@x.com")
    tasks.create(user, assigned_to=user.id)
    relay_once()
    (row,) = mail_log.send_all()

    assert row.status.value == "failed"
    assert not {"\x1b", "\u202e"} & set(tms("list") + tms("show", "1", code=1))

    mail_log.change(status=MailStatus.SENT, sent_at=row.created_at, address="a\x1b[2J\u202e@x.com")
    assert not {"\x1b", "\u202e"} & set(tms("show", "1", code=1))


def test_an_unknown_number_is_an_error(runtime, tms):
    assert "There is no mail 7" in tms("show", "7", code=1)


def test_why_explains_each_event(runtime, tms, tasks, relay_once, mail_log, ann, bob):
    task_id = tasks.create(ann, assigned_to=bob.id, title="Paint")
    relay_once()
    mail_log.send_all()
    with runtime.transaction() as session:
        session.merge(NotificationPreference(user_id=bob.id, updated="off"))
    tasks.change(ann, task_id, title="Paint all")
    relay_once()

    lines = tms("why", str(task_id), "bob").splitlines()

    assert lines[0].endswith("assigned by ann in event 1: sent")
    assert "to bob@example.com." in lines[1]
    assert lines[2].endswith("updated by ann in event 2: suppressed")
    assert lines[3].strip() == "Mails of this kind are turned off."


def test_why_tells_that_nothing_concerned_the_user_or_the_task_is_muted(tms, tasks, ledger, ann, bob):
    task_id = tasks.create(ann)
    assert "never assigned to it" in tms("why", str(task_id), "bob")
    ledger.mute(bob, task_id)
    assert "bob has muted the task 1." in tms("why", str(task_id), "bob")
    assert "there is no user nobody" in tms("why", str(task_id), "nobody", code=1)
