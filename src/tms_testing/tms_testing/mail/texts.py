"""What a reader sees of a mail."""

from email.message import EmailMessage


def text_of(message: EmailMessage, kind: str = "plain") -> str:
    """Return the body of a kind, "plain" or "html", with `\\n` at the ends of its lines."""
    part = message.get_body((kind,))
    assert part is not None
    content: str = part.get_content()
    return content.replace("\r\n", "\n")
