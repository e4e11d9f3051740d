"""Passwords: normalised by RFC 8265 (OpaqueString), so that the same keys on another keyboard give the same one."""

import unicodedata

SHORTEST_PASSWORD = 8
LONGEST_PASSWORD = 1000


def normalize_password(text: str) -> str:
    """A new password as it is hashed; raises ValueError with what would be right."""
    password = opaque_string(text)
    if "\x00" in password:
        raise ValueError("must not contain the character U+0000")
    if len(password) < SHORTEST_PASSWORD:
        raise ValueError(f"must have at least {SHORTEST_PASSWORD} characters")
    if len(password) > LONGEST_PASSWORD:
        raise ValueError(f"must have at most {LONGEST_PASSWORD} characters")
    return password


def opaque_string(text: str) -> str:
    """NFC, with every kind of space as U+0020 (RFC 8265, section 4.2)."""
    spaced = "".join(" " if unicodedata.category(one) == "Zs" else one for one in text)
    return unicodedata.normalize("NFC", spaced)
