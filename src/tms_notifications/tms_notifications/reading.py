"""Reads headers and bodies of mails that this package has composed."""

import quopri
import re
from base64 import b64decode
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default

# The standard library's parser rejects non-ASCII letters beside encoded words, which an address may contain.
ENCODED_WORD = re.compile(r"=\?utf-8\?([bq])\?([^?]*)\?=", re.IGNORECASE)
BETWEEN_WORDS = re.compile(r"(?<=\?=)[ \t]+(?==\?)")


def header_of(content: bytes, name: str) -> str:
    """Return the decoded value of a header field; empty if the mail has no such field."""
    header = content.partition(b"\r\n\r\n")[0].decode("utf-8", "replace")
    field = re.search(rf"^{name}: ([^\r\n]*(?:\r\n[ \t][^\r\n]*)*)", header, re.IGNORECASE | re.MULTILINE)
    unfolded = field[1].replace("\r\n", "") if field else ""
    return ENCODED_WORD.sub(_decoded, BETWEEN_WORDS.sub("", unfolded))


def _decoded(word: re.Match[str]) -> str:
    payload = word[2].encode("ascii", "replace")
    plain = b64decode(payload) if word[1].lower() == "b" else quopri.decodestring(payload, header=True)
    return plain.decode("utf-8", "replace")


def body_of(content: bytes, kind: str) -> str:
    """Return the text of the part `kind`: "plain" or "html"."""
    body = message_from_bytes(content, EmailMessage, policy=default).get_body((kind,))
    return str(body.get_content()) if body else ""
