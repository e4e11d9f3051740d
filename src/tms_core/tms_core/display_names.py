"""Display names, without web or mail addresses.

Users choose the names that mails to others show, and mail programs turn anything that looks like an address into a
link.
"""

import re
import unicodedata
from functools import lru_cache

SCHEME = r"\b(?:[a-z][a-z0-9+.-]*://|(?:mailto|tel|sms|javascript|data):)"
# The most common and most abused top-level domains, and all of two letters. A single letter before the dot is taken as
# an initial.
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
# Ideographic full stops, which browsers and mail programs treat as dots.
DOTS = str.maketrans("\u3002\uff0e\uff61", "...")
BREAK = re.compile(r"[.:@/\u2024\u3002\ufe52\uff0e\uff0f\uff1a\uff20\uff61]")


# Mails show the same names again and again.
@lru_cache(maxsize=10_000)
def has_address(text: str) -> bool:
    """Return whether a mail program could turn part of the text into a link."""
    return ADDRESS.search(_as_seen(text)) is not None


def display_name(name: str, username: str) -> str:
    """Return `name`, or `username` if the name is empty or contains an address."""
    return name if name and not has_address(name) else without_addresses(username)


def without_addresses(text: str) -> str:
    """Return the text with the dots of every address written as `[.]`, so that mail programs make no link of it."""
    return BREAK.sub(r"[\g<0>]", text) if has_address(text) else text


def _as_seen(text: str) -> str:
    """Return the text in NFKC form without invisible characters."""
    shown = "".join(character for character in text if unicodedata.category(character) != "Cf")
    return unicodedata.normalize("NFKC", shown.translate(DOTS)).translate(DOTS)
