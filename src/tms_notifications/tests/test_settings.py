import pytest

from tms_core.errors import ConfigurationError
from tms_notifications.hostnames import Mailbox
from tms_notifications.settings import NotificationSettings

SMTP = {"EMAIL_HOST": "mail.example.org", "EMAIL_ID": "tasks@example.org", "EMAIL_PASSWORD": "word"}


def read(environ=None, **ini: str) -> NotificationSettings:
    return NotificationSettings.read({f"tms.notifications.{name}": value for name, value in ini.items()}, environ or {})


def test_the_mail_server_is_set_by_the_environment():
    settings = read({**SMTP, "EMAIL_PORT": "465", "EMAIL_USE_TLS": "false"})

    assert (settings.email_host, settings.email_port, settings.email_use_tls) == ("mail.example.org", 465, False)
    assert settings.email_password.get_secret_value() == "word"


def test_the_default_is_port_587_with_starttls():
    settings = read(SMTP)

    assert (settings.email_port, settings.email_use_tls) == (587, True)


def test_the_default_sender_is_email_id():
    assert read(SMTP).sender_mailbox.address == "tasks@example.org"
    assert read(SMTP, sender="Our tasks <no-reply@example.org>").sender_mailbox == Mailbox(
        "Our tasks", "no-reply@example.org"
    )


@pytest.mark.parametrize(
    ("environ", "ini", "named"),
    [
        ({}, {}, "EMAIL_HOST"),
        ({"EMAIL_HOST": "mail"}, {}, "tms.notifications.sender"),
        ({"EMAIL_HOST": "mail", "EMAIL_ID": "apikey"}, {}, "tms.notifications.sender"),
        ({"EMAIL_HOST": "mail", "EMAIL_PASSWORD": "x"}, {"sender": "a@b.com"}, "EMAIL_ID"),
        ({**SMTP, "EMAIL_PORT": "0"}, {}, "EMAIL_PORT"),
        (SMTP, {"sender": "nobody"}, "tms.notifications.sender"),
        (SMTP, {"sender": "TMS <tms@-example.com>"}, "tms.notifications.sender"),
        (SMTP, {"sender": "TMS <tämse@example.com>"}, "tms.notifications.sender"),
        ({**SMTP, "EMAIL_ID": "a@-b.com"}, {}, "tms.notifications.sender"),
        (SMTP, {"unproved": "maybe"}, "tms.notifications.unproved"),
        (SMTP, {"most_per_hour": "-1"}, "tms.notifications.most_per_hour"),
        (SMTP, {"template_path": "/nowhere/at/all"}, "tms.notifications.template_path"),
        (SMTP, {"task_url": "{public_url}/{task}"}, "tms.notifications.task_url"),
        (SMTP, {"ca_file": "/nowhere.pem"}, "tms.notifications.ca_file"),
        (SMTP, {"transport": "pigeon"}, "tms.notifications.transport"),
    ],
)
def test_missing_and_wrong_settings_are_named(environ, ini, named):
    with pytest.raises(ConfigurationError, match=named):
        read(environ, **ini)


def test_files_need_no_mail_server():
    assert read(transport="file").sender_mailbox.address == "tms@localhost"


def test_template_folders_are_separated_by_commas_or_lines(tmp_path):
    (tmp_path / "one").mkdir()
    (tmp_path / "two words").mkdir()

    settings = read(transport="file", template_path=f"{tmp_path}/one,\n{tmp_path}/two words")

    assert settings.template_path == (tmp_path / "one", tmp_path / "two words")
