"""Documents as mails, over a real SMTP server."""

import pytest
from sqlalchemy import text

from tms_core.document_mail import Attachment, DocumentMail, DocumentRefusedError
from tms_core.errors import UnavailableError
from tms_notifications.document_mailer import SmtpDocumentMailer
from tms_notifications.settings import NotificationSettings

CSV = "\ufeffname,number\nzoé,1\n".encode()


@pytest.fixture(scope="module")
def settings(smtp_settings):
    return smtp_settings


@pytest.fixture
def send(runtime, ann):
    def run(key="report:1", **values):
        given = {"subject": "Weekly «trend»", "text": "Grüße", "html": "<p>Grüße</p>", **values}
        runtime.document_mailer.send(DocumentMail(key, ann.id, **given))

    return run


def test_a_document_has_both_texts_and_its_attachments(runtime, send, smtp):
    page = Attachment("trend.html", "text/html; charset=utf-8", b"<p>\xc3\xa9</p>\n")
    send(attachments=[Attachment("trend.csv", "text/csv; charset=utf-8", CSV), page])

    [mail] = smtp.received
    assert isinstance(runtime.document_mailer, SmtpDocumentMailer)
    assert (smtp.recipients, mail["To"], mail["Subject"]) == (
        ["ann@example.com"], "ann <ann@example.com>", "Weekly «trend»"
    )  # fmt: skip
    assert mail.get_body(("plain",)).get_content().strip() == "Grüße"
    assert mail.get_body(("html",)).get_content().strip() == "<p>Grüße</p>"
    files = {
        part.get_filename(): (part.get_content_type(), part.get_payload(decode=True))
        for part in mail.iter_attachments()
    }
    assert files == {"trend.csv": ("text/csv", CSV), "trend.html": ("text/html", page.content)}
    assert all(len(line) < 999 for line in smtp.raw.splitlines())


def test_a_repeated_document_has_the_same_message_id(send, smtp):
    send()
    send()
    send("report:2")

    first, second, other = (mail["Message-ID"] for mail in smtp.received)
    assert first == second != other
    assert first.endswith("@tasks.example.org>")


def test_a_subject_cannot_add_fields(send, smtp):
    send(subject="One\r\nBcc: eve@example.com")

    [mail] = smtp.received
    assert "Bcc" not in mail
    assert smtp.recipients == ["ann@example.com"]


def test_what_the_server_defers_may_succeed_later(send, smtp):
    smtp.answers["DATA"] = ["451 later"]
    with pytest.raises(UnavailableError, match="later"):
        send()

    send()
    assert len(smtp.received) == 1


def test_what_the_server_refuses_is_refused(send, smtp):
    smtp.answers["RCPT"] = ["550 no such user"]

    with pytest.raises(DocumentRefusedError, match="no such user"):
        send()


@pytest.mark.parametrize("change", ["is_active = false", "deleted_at = now(), is_active = false, email = NULL"])
def test_accounts_that_cannot_be_mailed_are_refused(runtime, send, smtp, change):
    with runtime.transaction() as session:
        session.execute(text(f"UPDATE users SET {change}"))

    with pytest.raises(DocumentRefusedError, match="account"):
        send()
    assert smtp.received == []


def test_an_unproved_address_is_refused_where_mails_are_held(runtime, send, smtp, monkeypatch):
    settings = runtime.settings(NotificationSettings).model_copy(update={"unproved": "hold"})
    monkeypatch.setitem(runtime.groups, NotificationSettings, settings)

    with pytest.raises(DocumentRefusedError, match="verified"):
        send()
    with runtime.transaction() as session:
        session.execute(text("UPDATE users SET email_verified_at = now()"))
    send()
    assert len(smtp.received) == 1
