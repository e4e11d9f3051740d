"""Composition of messages from rows, without a database."""

import os
from datetime import UTC, datetime
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import compat32, default
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tms_core.app import configure
from tms_core.models import User
from tms_core.sanitizing import one_line
from tms_core.visible_text import isolate
from tms_notifications.composing import Composer, Recipient
from tms_notifications.hostnames import AddressError
from tms_notifications.messages import OutgoingMail
from tms_notifications.models import MailKind, NotificationMail
from tms_notifications.reading import header_of
from tms_notifications.templating import Templates

ANN, BOB = 1, 2
NAMES = {ANN: "ann", BOB: "bob"}
TASK = {
    "id": 12,
    "title": "Paint the fence",
    "description": "Green.\nTwo coats.",
    "priority": "HIGH",
    "status": "IN_PROGRESS",
    "due_date": "2026-03-31",
    "assigned_to": BOB,
    "created_by": ANN,
}


def make_runtime(**settings: str):
    ini = {
        "pyramid.includes": "tms_notifications tms_local",
        "tms.environment": "development",
        "tms.jwt_private_key": "k" * 40,
        "tms.public_url": "https://tasks.example.org",
        "tms.notifications.transport": "file",
    }
    ini |= {f"tms.notifications.{name}": value for name, value in settings.items()}
    return configure(ini, web=False).registry.tms


@pytest.fixture(scope="module")
def runtime():
    return make_runtime()


def row(kind=MailKind.ASSIGNED, *, actor_id=ANN, task=TASK, changes=None, **context):
    return NotificationMail(
        id=5,
        kind=kind,
        task_id=task["id"],
        context={"actor_id": actor_id, "at": "2026-03-01T12:00:00Z", "task": task, "changes": changes or {}} | context,
        message_id="<event.7.2.assigned.0123456789ab@tasks.example.org>",
        created_at=datetime(2026, 3, 1, 12, tzinfo=UTC),
    )


def recipient(name="Bob Ross", zone="UTC", email="bob@example.com", language="en"):
    return Recipient(BOB, name, email, ZoneInfo(zone), language)


def parsed(mail: OutgoingMail) -> EmailMessage:
    return message_from_bytes(mail.content, policy=default)


def as_read(mail: OutgoingMail, name: str) -> str:
    return header_of(mail.content, name)


def compose(runtime, mail, to=None) -> EmailMessage:
    return parsed(Composer(runtime).compose(mail, to or recipient(), NAMES))


def text(message: EmailMessage) -> str:
    return message.get_body(("plain",)).get_content().replace("\r\n", "\n")


def html(message: EmailMessage) -> str:
    return message.get_body(("html",)).get_content().replace("\r\n", "\n")


def test_an_assigned_mail_shows_the_task_and_links_to_it(runtime):
    message = compose(runtime, row())

    assert message["Subject"] == "[TMS] Paint the fence (#12)"
    for part in (text(message), html(message)):
        assert "ann assigned this task to you" in part
        assert "In progress" in part
        assert "Tue, 31 March 2026" in part
        assert "Two coats." in part
        assert "https://tasks.example.org/api/task/12" in part


def test_headers_have_sender_subject_and_unsubscribe_link(runtime):
    message = compose(runtime, row())

    assert message["To"] == "Bob Ross <bob@example.com>"
    assert message["From"] == "TMS <tms@localhost>"
    assert message["Message-ID"] == "<event.7.2.assigned.0123456789ab@tasks.example.org>"
    assert message["Date"].datetime == datetime(2026, 3, 1, 12, tzinfo=UTC)
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["List-Unsubscribe"].startswith("<https://tasks.example.org/api/notifications/unsubscribe?token=2.")
    assert message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert message["References"] == message["In-Reply-To"] == "<task.12@tasks.example.org>"


def test_links_and_ids_are_not_encoded_in_headers(runtime):
    raw = Composer(runtime).compose(row(), recipient(), NAMES).content.replace(b"\r\n ", b" ")

    for start in (
        b"List-Unsubscribe: <https://tasks.example.org/api/",
        b"Message-ID: <event.7.2.",
        b"References: <task.12",
    ):
        assert b"\r\n" + start in raw


def test_headers_are_ascii_for_a_non_ascii_public_url(runtime):
    ini = {**runtime.ini, "tms.public_url": "https://aufgäben.example"}
    other = configure(ini, web=False).registry.tms

    message = compose(other, row())
    assert message["List-Unsubscribe"].startswith("<https://xn--aufgben-8wa.example/api/")
    assert message["References"] == "<task.12@xn--aufgben-8wa.example>"


def test_a_change_shows_old_and_new_of_every_field(runtime):
    changes = {
        "title": ["Paint the fence", "Paint it <b>black</b>"],
        "status": ["PENDING", "IN_PROGRESS"],
        "due_date": [None, "2026-04-01"],
        "created_by": [ANN, BOB],
        "description": ["", "Two coats."],
    }
    message = compose(runtime, row(MailKind.UPDATED, changes=changes))

    assert "Title: Paint the fence → Paint it <b>black</b>" in text(message)
    assert "Status: Pending → In progress" in text(message)
    assert "Due: no date → Wed, 1 April 2026" in text(message)
    assert "Created by: ann → bob" in text(message)
    assert "Description: (empty) → Two coats." in text(message)
    assert "Paint it &lt;b&gt;black&lt;/b&gt;" in html(message)
    assert "<b>black" not in html(message)


def test_an_unassigned_mail_shows_only_the_title(runtime):
    message = compose(runtime, row(MailKind.UNASSIGNED, task={"id": 12, "title": "Paint the fence"}))

    assert message["Subject"] == "[TMS] Paint the fence (#12)"
    assert "ann took this task away from you" in text(message)
    assert "Status" not in text(message) + html(message)


def test_a_deleted_task_has_no_link(runtime):
    message = compose(runtime, row(MailKind.DELETED, task={"id": 12, "title": "Paint the fence"}))

    assert "/api/task/12" not in text(message) + html(message)


def test_the_recipients_own_change_is_in_the_second_person(runtime):
    assert "You assigned this task to yourself" in text(compose(runtime, row(actor_id=BOB)))


def test_times_are_in_the_recipients_zone(runtime):
    message = compose(runtime, row(), recipient(zone="Asia/Kathmandu"))

    assert "Sun, 1 March 2026, 17:45 (Asia/Kathmandu)" in text(message)


def test_due_tasks_are_listed_with_their_day(runtime):
    tasks = [{**TASK, "id": 1, "title": "A"}, {**TASK, "id": 2, "title": "B", "due_date": "2026-04-01"}]
    mail = row(MailKind.DUE_SOON, today="2026-03-31", tasks=tasks)

    message = compose(runtime, mail)

    assert message["Subject"] == "[TMS] 2 tasks are due today or tomorrow"
    assert "* A (#1)\n  Due today · High priority · In progress\n  https://tasks.example.org/api/task/1" in text(
        message
    )
    assert "* B (#2)\n  Due tomorrow" in text(message)
    assert "token=2.due_soon." in message["List-Unsubscribe"]


def test_a_single_due_task_is_named_in_the_subject(runtime):
    mail = row(MailKind.DUE_SOON, today="2026-03-31", tasks=[TASK])

    assert compose(runtime, mail)["Subject"] == "[TMS] Due today: Paint the fence"


NASTY = "Pay now\r\nBcc: all@example.com\r\n\r\n<script>alert(1)</script>\x00\x1b[2J\u2028end"


def test_line_breaks_in_titles_and_names_add_no_header(runtime):
    mail = row(task={**TASK, "title": NASTY})
    message = Composer(runtime).compose(mail, recipient(name=NASTY), {ANN: NASTY})

    read = parsed(message)
    assert read["Bcc"] is None
    assert read["Subject"] == f"[TMS] {one_line(NASTY)} (#12)"
    assert as_read(message, "To") == f"{one_line(NASTY)} <bob@example.com>"
    assert "<script>" not in html(read)


ENCODED = "=?utf-8?q?Hi=0D=0AReply-To_:_evil@x.y=0D=0A<h1>PHISH</h1>?="
user_texts = st.one_of(
    st.text(min_size=1, max_size=200),
    st.lists(st.sampled_from([ENCODED, "=?utf-8?b?SGk=?=", "=?", "?=", " ", "\r\nBcc: e@x.y", "\x00", "a"]), min_size=1)
    .map("".join),
)  # fmt: skip


@given(title=user_texts, name=user_texts, username=user_texts)
@example(title=ENCODED, name=ENCODED, username=ENCODED)
@example(title="=?utf-8?q?x=00y?=", name="=?utf-8?q?a=0D=0ABcc:_e@x.y?=", username="=?x?=")
def test_any_user_text_leaves_the_header_fields_intact_and_is_literal(runtime, title, name, username):
    mail = row(task={**TASK, "title": title})

    message = Composer(runtime).compose(mail, recipient(name=name), {ANN: username})

    raw = message.content
    assert raw.isascii()
    assert b"\x00" not in raw
    assert all(len(line) <= 998 for line in raw.split(b"\r\n"))
    expected = " ".join(f"[TMS] {isolate(one_line(title))} (#12)".split())
    assert message.subject == expected
    assert as_read(message, "Subject") == expected
    assert as_read(message, "To") == (f"{one_line(name)} <bob@example.com>" if one_line(name) else "bob@example.com")
    names = [
        "From", "To", "Subject", "Date", "Message-ID", "Auto-Submitted", "X-Auto-Response-Suppress", "In-Reply-To",
        "References", "List-Unsubscribe", "List-Unsubscribe-Post", "MIME-Version", "Content-Type",
    ]  # fmt: skip
    for policy in (compat32, default):
        read = message_from_bytes(raw, EmailMessage, policy=policy)
        assert sorted(read.keys()) == sorted(names)
        assert read.get_content_type() == "multipart/alternative"
        assert [part.get_content_type() for part in read.iter_parts()] == ["text/plain", "text/html"]
    assert str(read["Subject"]) == expected
    assert [address.addr_spec for address in read["To"].addresses] == ["bob@example.com"]
    assert f"{isolate(one_line(title))} (#12)\n" in text(read)


def test_a_non_ascii_domain_is_written_in_ascii(runtime):
    message = compose(runtime, row(), recipient(email="bob@exämple.com"))

    assert message["To"].addresses[0].addr_spec == "bob@xn--exmple-cua.com"


def test_sharp_s_in_a_domain_is_not_replaced(runtime):
    mail = Composer(runtime).compose(row(), recipient(email="x@faß.de"), NAMES)

    assert mail.recipient == "x@xn--fa-hia.de"
    assert b"<x@xn--fa-hia.de>\r\n" in mail.content


def test_a_quoted_local_part_is_not_quoted_again(runtime):
    mail = Composer(runtime).compose(row(), recipient(email='"a b"@x.com'), NAMES)

    assert mail.recipient == '"a b"@x.com'
    assert b'To: Bob Ross <"a b"@x.com>\r\n' in mail.content


def test_unnecessary_quotes_are_removed(runtime):
    mail = Composer(runtime).compose(row(), recipient(email='"ab"@x.com'), NAMES)

    assert mail.recipient == "ab@x.com"
    assert b"To: Bob Ross <ab@x.com>\r\n" in mail.content


def test_a_non_ascii_local_part_is_not_encoded(runtime):
    mail = Composer(runtime).compose(row(), recipient(email="ü@x.com"), NAMES)

    assert mail.needs_smtputf8
    assert "To: Bob Ross <ü@x.com>\r\n".encode() in mail.content


def test_an_invalid_address_is_named(runtime):
    with pytest.raises(AddressError, match="must be an e-mail address"):
        Composer(runtime).compose(row(), recipient(email="a..b@x.com"), NAMES)


def test_a_username_that_looks_like_a_link_is_defused(runtime):
    message = parsed(Composer(runtime).compose(row(), recipient(), {ANN: "evil.com"}))

    for part in (text(message), html(message)):
        assert "evil[.]com assigned this task to you" in part
        assert "evil.com" not in part


def user(**values) -> User:
    return User(**{"id": 2, "username": "bob", "email": "bob@example.com", "first_name": "", "last_name": ""} | values)


@pytest.mark.parametrize(
    ("first_name", "username", "name"),
    [
        ("Bob", "bob", "Bob"),
        ("", "bob", "bob"),
        ("See https://evil.example/now", "bob", "bob"),
        ("call e@x.y", "evil.com", "evil[.]com"),
        ("a\r\nBcc: e", "bob", "a Bcc: e"),
    ],
)
def test_recipients_are_addressed_by_full_name_unless_it_contains_an_address(first_name, username, name):
    whom = Recipient.of(user(first_name=first_name, username=username), row(), ZoneInfo("UTC"), "en")

    assert whom.name == name


def test_mails_with_links_address_users_by_username_only():
    mail = row(MailKind.EMAIL_VERIFICATION)

    assert Recipient.of(user(first_name="You", last_name="have won"), mail, ZoneInfo("UTC"), "en").name == "bob"


def test_a_mail_about_another_address_is_sent_to_that_address():
    mail = row(MailKind.EMAIL_VERIFICATION, to="old@example.com")

    assert Recipient.of(user(), mail, ZoneInfo("UTC"), "en").email == "old@example.com"


def test_a_custom_template_replaces_the_packages(tmp_path):
    (tmp_path / "task").mkdir()
    (tmp_path / "task" / "task_email.html").write_text("<p>Hallo {{ recipient }}: {{ task.title }}</p>")

    message = compose(make_runtime(template_path=str(tmp_path)), row(task={**TASK, "title": "a & b"}))

    assert html(message) == "<p>Hallo Bob Ross: a &amp; b</p>\n"
    assert "ann assigned this task to you" in text(message)


def test_the_style_sheet_can_be_replaced_alone(tmp_path):
    (tmp_path / "style.css").write_text(".lead { color: teal; }")

    page = html(compose(make_runtime(template_path=str(tmp_path)), row()))

    assert '<p class="lead" style="color:teal">ann assigned this task to you:</p>' in page


def test_the_prefix_of_subjects_is_a_setting():
    assert compose(make_runtime(subject_prefix="[Aufgaben]"), row())["Subject"] == "[Aufgaben] Paint the fence (#12)"
    assert compose(make_runtime(subject_prefix="none"), row())["Subject"] == "Paint the fence (#12)"


HEBREW, EMOJI = "לצבוע את הגדר", "🎨" * 200


@pytest.mark.parametrize("title", [HEBREW, EMOJI, "x" * 200, "Å" * 200])
def test_any_title_is_in_subject_and_both_parts(runtime, title):
    mail = Composer(runtime).compose(row(MailKind.UPDATED, task={**TASK, "title": title}), recipient(), NAMES)

    assert mail.content.isascii()
    for part in (as_read(mail, "Subject"), text(parsed(mail)), html(parsed(mail))):
        assert title in part


def test_right_to_left_titles_and_names_are_isolated(runtime):
    changes = {"title": [HEBREW, "Paint"], "assigned_to": [3, BOB]}
    mail = row(MailKind.UPDATED, task={**TASK, "title": HEBREW}, changes=changes)
    composed = Composer(runtime).compose(mail, recipient(), {**NAMES, 3: "דן"})

    assert as_read(composed, "Subject") == f"[TMS] \u2068{HEBREW}\u2069 (#12)"
    assert f"Title: \u2068{HEBREW}\u2069 → Paint\n" in text(parsed(composed))
    assert "Assigned to: \u2068דן\u2069 → bob\n" in text(parsed(composed))


def test_direction_marks_of_users_are_removed(runtime):
    message = Composer(runtime).compose(row(task={**TASK, "title": "a\u202eb\u2066c\u2069"}), recipient(), NAMES)

    assert as_read(message, "Subject") == "[TMS] abc (#12)"


def test_long_changes_stand_below_each_other(runtime):
    mail = row(MailKind.UPDATED, changes={"description": ["One.\nTwo.", ""]})

    assert "Description:\n  One.\n  Two.\n→\n  (empty)\n\n" in text(compose(runtime, mail))


def test_a_mail_is_in_the_recipients_language(runtime):
    changes = {"status": ["PENDING", "IN_PROGRESS"], "due_date": [None, "2026-03-31"]}
    message = compose(runtime, row(MailKind.UPDATED, changes=changes), recipient(language="de"))

    assert "ann hat eine Aufgabe geändert, die Ihnen zugewiesen ist:" in text(message)
    assert "Status: Offen → In Arbeit\nFällig: kein Datum → Di., 31. März 2026\n" in text(message)
    assert "Diese E-Mails abbestellen" in html(message)
    assert '<html lang="de">' in html(message)


def test_mails_link_to_the_configured_task_url():
    other = make_runtime(task_url="https://app.example.org/#/t/{id}")

    assert "https://app.example.org/#/t/12" in text(compose(other, row()))


def test_a_changed_template_is_used_by_the_next_batch(tmp_path):
    subject = tmp_path / "account" / "password_reset_email_subject.txt"
    subject.parent.mkdir()
    subject.write_text("First")
    variables = {"language": "en", "recipient": "Ann", "site": "x", "link": "y", "until": "z"}
    first = Templates((tmp_path,))
    assert first.render(MailKind.PASSWORD_RESET, variables).subject == "First"

    subject.write_text("Second")
    os.utime(subject, (1, 1))

    assert first.render(MailKind.PASSWORD_RESET, variables).subject == "First"
    assert Templates((tmp_path,)).render(MailKind.PASSWORD_RESET, variables).subject == "Second"
