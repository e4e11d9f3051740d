"""Names of people, in which no address of the web or of mail may stand.

Whoever registers chooses the names that mails to others show: mail programs make links of what looks like one.
"""

import re
import unicodedata

SCHEME = r"\b(?:[a-z][a-z0-9+.-]*://|(?:mailto|tel|sms|javascript|data):)"
# The endings that are most used, and most abused, and all of two letters; there one letter before the dot is a title.
ENDINGS = (
    "app biz blog click club cloud com dev edu gov info link live mil mobi net online org page pro shop site space "
    "store tech top vip website work xyz"
)
DOMAIN = rf"\w[\w-]*\.(?:{ENDINGS.replace(' ', '|')}|xn--[a-z0-9-]+)\b"
DOMAIN_OF_A_COUNTRY = r"\w[\w-]+\.[^\W\d_]{2}\b"
WITH_PATH = r"\w\.\w{2,}[/?#:]\S"
IPV4 = r"\b\d{1,3}(?:\.\d{1,3}){3}\b"
KINDS = (SCHEME, r"\bwww\.", r"[^\s\[]@[^\s\]]", DOMAIN, DOMAIN_OF_A_COUNTRY, WITH_PATH, IPV4)
ADDRESS = re.compile("|".join(KINDS), re.IGNORECASE)
# Ideographic full stops, which browsers and mail programs take as dots.
DOTS = str.maketrans("\u3002\uff0e\uff61", "...")
BREAK = re.compile(r"[.:@/\u2024\u3002\ufe52\uff0e\uff0f\uff1a\uff20\uff61]")


def has_address(text: str) -> bool:
    """Whether a mail program could make a link of a part of the text."""
    return ADDRESS.search(_as_seen(text)) is not None


def display_name(name: str, username: str) -> str:
    """The name to address somebody by: `name`, unless it is empty or has an address in it."""
    return name if name and not has_address(name) else without_addresses(username)


def without_addresses(text: str) -> str:
    """The text with whatever would be a link made plain: `[.]` for a dot, as is usual for addresses one must not
    follow."""
    return BREAK.sub(r"[\g<0>]", text) if has_address(text) else text


def _as_seen(text: str) -> str:
    """Without invisible characters, and with one form of each letter."""
    shown = "".join(character for character in text if unicodedata.category(character) != "Cf")
    return unicodedata.normalize("NFKC", shown.translate(DOTS)).translate(DOTS)
