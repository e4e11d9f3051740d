from email import message_from_bytes
from email.policy import default

import pytest

from tms_notifications.errors import DeferredError
from tms_notifications.headers import address_field, text_field
from tms_notifications.hostnames import Mailbox
from tms_notifications.mailer import FileTransport
from tms_notifications.messages import OutgoingMail, serialised


def message(subject: str, to: str = "ann@example.com") -> OutgoingMail:
    fields = {"To": address_field("To", Mailbox("", to)), "Subject": text_field("Subject", subject)}
    return OutgoingMail("tasks@example.org", to, subject, serialised(fields, "Text", "<p>Text</p>"))


def test_a_mail_is_written_to_a_file_that_mail_programs_can_open(tmp_path):
    FileTransport(tmp_path / "mail").send(message("Grüße"), "20260301T120000-00000005")

    (file,) = (tmp_path / "mail").iterdir()
    assert file.name == "20260301T120000-00000005.eml"
    assert message_from_bytes(file.read_bytes(), policy=default)["Subject"] == "Grüße"


def test_a_mail_sent_again_replaces_its_file(tmp_path):
    transport = FileTransport(tmp_path)
    transport.send(message("first"), "a")
    transport.send(message("second"), "a")

    assert [file.name for file in tmp_path.iterdir()] == ["a.eml"]
    assert b"second" in transport.path("a").read_bytes()


def test_files_of_mails_are_private(tmp_path):
    FileTransport(tmp_path / "mail").send(message("x"), "a")

    assert (tmp_path / "mail").stat().st_mode & 0o077 == 0


def test_an_unwritable_folder_defers_the_mail(tmp_path):
    (tmp_path / "mail").write_text("not a folder")

    with pytest.raises(DeferredError):
        FileTransport(tmp_path / "mail").send(message("x"), "a")
