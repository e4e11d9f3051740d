"""The SMTP transport, over real sockets."""

import socket
import ssl
import threading
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address

import pytest
from aiosmtpd.smtp import AuthResult
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tms_notifications import smtp
from tms_notifications.errors import DeferredError, RefusedError
from tms_notifications.headers import address_field, text_field
from tms_notifications.hostnames import Mailbox
from tms_notifications.messages import OutgoingMail, serialised
from tms_notifications.settings import NotificationSettings
from tms_notifications.smtp import SmtpTransport

ADDRESS = "127.0.0.1"


class ClosingTransport(SmtpTransport):
    """Closes the connection after each mail."""

    def send(self, mail: OutgoingMail, name: str) -> str:
        try:
            return super().send(mail, name)
        finally:
            self.close()


def transport(port: int, **settings: object) -> SmtpTransport:
    values = {"email_host": ADDRESS, "email_port": port, "email_use_tls": False, "sender": "a@example.org"}
    return ClosingTransport(NotificationSettings.model_validate({**values, **settings}), "tasks.example.org")


def message(to: str = "ann@example.com") -> OutgoingMail:
    sender = "tasks@example.org"
    fields = {
        "From": address_field("From", Mailbox("Tasks", sender)),
        "To": address_field("To", Mailbox("", to)),
        "Subject": text_field("Subject", "Grüße"),
    }
    return OutgoingMail(sender, to, "Grüße", serialised(fields, "Zwölf Boxkämpfer\n", "<p>Zwölf Boxkämpfer</p>"))


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    """A self-signed certificate for loopback, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "test mail server")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address(ADDRESS))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    folder = tmp_path_factory.mktemp("certificate")
    (folder / "cert.pem").write_bytes(made.public_bytes(serialization.Encoding.PEM))
    (folder / "key.pem").write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return folder


@pytest.fixture
def tls(certificate) -> ssl.SSLContext:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate / "cert.pem", certificate / "key.pem")
    return context


def logging_in(server, session, envelope, mechanism, data) -> AuthResult:
    return AuthResult(success=(data.login, data.password) == (b"tasks", b"the password"), handled=False)


def test_a_mail_arrives_unchanged(mail_server):
    with mail_server() as (server, port):
        transport(port).send(message(), "1")

    assert server.recipients == ["ann@example.com"]
    assert server.received[0]["Subject"] == "Grüße"
    assert server.received[0].get_body(("plain",)).get_content() == "Zwölf Boxkämpfer\r\n"


def test_starttls_and_authentication(mail_server, tls, certificate):
    options = {"tls_context": tls, "require_starttls": True, "authenticator": logging_in, "auth_required": True}
    settings = {"email_use_tls": True, "email_id": "tasks", "email_password": "the password"}
    with mail_server(**options) as (server, port):
        transport(port, **settings, ca_file=certificate / "cert.pem").send(message(), "1")

    assert len(server.received) == 1


def test_a_wrong_password_defers_the_mail(mail_server, tls, certificate):
    options = {"tls_context": tls, "authenticator": logging_in, "auth_required": True}
    settings = {"email_use_tls": True, "email_id": "tasks", "email_password": "wrong"}
    with mail_server(**options) as (server, port), pytest.raises(DeferredError, match="535"):
        transport(port, **settings, ca_file=certificate / "cert.pem").send(message(), "1")

    assert server.received == []


def test_a_server_with_an_untrusted_certificate_is_sent_no_mail(mail_server, tls):
    with mail_server(tls_context=tls) as (server, port), pytest.raises(DeferredError, match="certificate"):
        transport(port, email_use_tls=True).send(message(), "1")

    assert server.received == []


def test_a_server_without_starttls_is_sent_no_mail(mail_server):
    with mail_server() as (server, port), pytest.raises(DeferredError, match="STARTTLS"):
        transport(port, email_use_tls=True).send(message(), "1")

    assert server.received == []


def test_port_465_uses_implicit_tls(mail_server, tls, certificate, monkeypatch):
    with mail_server(ssl_context=tls) as (server, port):
        # Port 465 itself needs root.
        monkeypatch.setattr(smtp, "IMPLICIT_TLS_PORT", port)
        transport(port, email_use_tls=True, ca_file=certificate / "cert.pem").send(message(), "1")

    assert len(server.received) == 1


@pytest.mark.parametrize("stage", ["MAIL", "RCPT", "DATA"])
@pytest.mark.parametrize(
    ("answer", "outcome"),
    [
        ("450 4.2.1 mailbox busy", DeferredError),
        ("421 4.3.2 shutting down", DeferredError),
        ("550 5.1.1 no such user", RefusedError),
        ("530 5.7.0 authentication required", DeferredError),
    ],
)
def test_the_servers_reply_decides(mail_server, stage, answer, outcome):
    with mail_server() as (server, port):
        server.answers[stage] = [answer]

        with pytest.raises(outcome, match=answer[4:]):
            transport(port).send(message(), "1")

        transport(port).send(message(), "1")

    assert len(server.received) == 1


def test_an_address_that_the_server_does_not_support_is_rejected(mail_server):
    with mail_server(enable_SMTPUTF8=False) as (_server, port), pytest.raises(RefusedError, match="SMTPUTF8"):
        transport(port).send(message("jörg@example.com"), "1")


@pytest.mark.parametrize(
    ("to", "understood"),
    [
        ("jörg@example.com", "jörg@example.com"),
        ("Ann.Lee+x@example.com", "Ann.Lee+x@example.com"),
        ('"a b"@x.com', '"a b"@x.com'),
        ('"a@b"@x.com', '"a@b"@x.com'),
        # The quotes are unnecessary, and the server removes them.
        ('"ab"@x.com', "ab@x.com"),
    ],
)
def test_the_address_is_sent_to_the_server_unchanged(mail_server, to, understood):
    with mail_server(enable_SMTPUTF8=True) as (server, port):
        transport(port).send(message(to), "1")

    assert server.recipients == [understood]
    assert f"To: {to}\r\n".encode() in server.raw


def test_an_unreachable_server_defers_the_mail(free_port):
    with pytest.raises(DeferredError, match="refused"):
        transport(free_port).send(message(), "1")


@pytest.fixture
def talker(in_thread):
    """Starts a server that sends the given bytes repeatedly; returns its port."""
    listener = socket.create_server((ADDRESS, 0))
    ended = threading.Event()

    def start(data: bytes) -> int:
        def talk() -> None:
            connection, _ = listener.accept()
            # The client closes the connection.
            with connection, suppress(OSError):
                while not ended.wait(0.02):
                    connection.sendall(data)

        in_thread(talk)
        return int(listener.getsockname()[1])

    yield start
    ended.set()
    listener.close()


@pytest.mark.parametrize(("data", "reason"), [(b"", "does not answer in time"), (b"2", "^222")])
def test_a_hanging_or_slow_server_is_disconnected_in_time(talker, data, reason):
    hanging = transport(talker(data), smtp_timeout=0.3)
    began = datetime.now(UTC)

    with pytest.raises(DeferredError, match=reason):
        hanging.send(message(), "1")

    assert datetime.now(UTC) - began < timedelta(seconds=5)


def test_the_check_reports_whether_mails_can_be_sent(mail_server):
    with mail_server() as (server, port):
        transport(port).check()

    with pytest.raises(DeferredError):
        transport(port).check()
    assert server.received == []
