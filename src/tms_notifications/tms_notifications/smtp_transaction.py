"""One mail on an open SMTP connection (RFC 5321), pipelined where the server offers it (RFC 2920).

`smtplib.SMTP.sendmail` waits for each reply, and parses the addresses of the envelope again.
"""

import smtplib

from tms_notifications.messages import OutgoingMail

END_OF_LINE = b"\r\n"


def request_content(server: smtplib.SMTP, mail: OutgoingMail) -> None:
    """Send MAIL, RCPT and DATA, in one write if the server offers PIPELINING, and return when it asks for the content.

    Raises `SMTPResponseException` with the first reply that refuses the mail, and other errors of smtplib. The
    connection must be closed then, because later replies are unread. A server that has accepted DATA nevertheless
    discards the mail, because the connection ends before the content does.
    """
    commands = _commands(server, mail)
    is_pipelined = server.has_extn("pipelining")
    if is_pipelined:
        server.send(b"".join(command for command, _ in commands))
    for command, accepted in commands:
        if not is_pipelined:
            server.send(command)
        _expect(server, *accepted)


def send_content(server: smtplib.SMTP, content: bytes) -> bytes:
    """Send the content, which has CRLF after every line, and return the text of the reply. Raises as
    `request_content`."""
    stuffed = content.replace(b"\r\n.", b"\r\n..")
    server.send(b"%s.\r\n" % stuffed)
    return _expect(server, 250)


def _commands(server: smtplib.SMTP, mail: OutgoingMail) -> list[tuple[bytes, tuple[int, ...]]]:
    """Return the commands with the reply codes that accept the mail."""
    options = " SMTPUTF8 BODY=8BITMIME" if mail.needs_smtputf8 else ""
    if server.has_extn("size"):
        options = f" SIZE={len(mail.content)}{options}"
    encoding = "utf-8" if mail.needs_smtputf8 else "ascii"
    return [
        (_command(f"MAIL FROM:<{mail.sender}>{options}", encoding), (250,)),
        (_command(f"RCPT TO:<{mail.recipient}>", encoding), (250, 251)),
        (_command("DATA", encoding), (354,)),
    ]


def _command(line: str, encoding: str) -> bytes:
    if "\r" in line or "\n" in line:
        raise ValueError("an address must not have a line break")
    return line.encode(encoding) + END_OF_LINE


def _expect(server: smtplib.SMTP, *accepted: int) -> bytes:
    code, message = server.getreply()
    if code not in accepted:
        raise smtplib.SMTPResponseException(code, message)
    return message
