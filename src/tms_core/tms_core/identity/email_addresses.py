"""E-mail addresses: one canonical form for each mailbox.

The domain goes through UTS 46 (non-transitional) and IDNA 2008 first, so `faß.de` stays another domain than
`fass.de`, and full-width letters, ideographic full stops and A-labels are other spellings of the same one. The library
email-validator then checks the whole by RFC 5321, 5322 and 6531.
"""

import unicodedata
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from email_validator import ValidatedEmail

MAX_EMAIL_LENGTH = 254
# No spelling of an address is longer; to look at a megabyte takes seconds.
MAX_SPELLING_LENGTH = 4 * MAX_EMAIL_LENGTH
NEEDS_SMTPUTF8 = "must have ASCII characters only before the @: the mail server here takes no others (no SMTPUTF8)"


def normalize_email(text: str, *, smtputf8: bool = True) -> str:
    """The address as it is stored and shown: local part in NFC, domain in Unicode; raises ValueError with the reason.

    `smtputf8`: whether the mail server takes local parts beyond ASCII.
    """
    found = _validated(text)
    if not found.local_part.isascii() and not smtputf8:
        raise ValueError(NEEDS_SMTPUTF8)
    return found.normalized


def email_key(text: str) -> str:
    """Equal for two spellings of one mailbox, whatever its case; text that is no address is folded only."""
    text = text[:MAX_SPELLING_LENGTH]
    if text.isascii() and '"' not in text and "xn--" not in text.lower():
        return text.lower()
    try:
        found = _validated(text)
    except ValueError:
        return unicodedata.normalize("NFC", text.casefold())
    return unicodedata.normalize("NFC", f"{found.local_part.casefold()}@{found.ascii_domain}")


def envelope_address(text: str) -> str:
    """A stored address as mail servers are told it: the domain in ASCII; raises ValueError for what is no address."""
    found = _validated(text)
    return f"{found.local_part}@{found.ascii_domain}"


def _validated(text: str) -> "ValidatedEmail":
    local, at, domain = text.rpartition("@")
    try:
        if len(text) > MAX_SPELLING_LENGTH:
            raise ValueError(f"it has more than {MAX_EMAIL_LENGTH} characters")
        if not at:
            raise ValueError("it has no @")
        found = _validate()(
            f"{local}@{_ascii_domain(domain)}",
            allow_quoted_local=True,
            check_deliverability=False,
            globally_deliverable=False,
            strict=True,
        )
        if found.ascii_domain.rpartition(".")[2].isdecimal():
            raise ValueError("its domain must not end in a number")
    except ValueError as error:
        raise ValueError(f"must be an e-mail address: {_reason(error)}") from None
    return found


@cache
def _validate() -> "Callable[..., ValidatedEmail]":
    # Loaded with the first address that is checked: most processes check none.
    import email_validator

    # The library's way to accept reserved domains: `localhost` and `.local` are usual where mail stays in the house.
    email_validator.SPECIAL_USE_DOMAIN_NAMES.clear()
    return email_validator.validate_email


def _ascii_domain(domain: str) -> str:
    """The domain with A-labels; what is no domain comes back as it was, for the library to say why."""
    if domain.isascii():
        return domain.lower()
    import idna

    try:
        remapped = idna.uts46_remap(domain, std3_rules=True, transitional=False)
        return remapped if remapped.isascii() else idna.encode(remapped).decode()
    except (idna.IDNAError, UnicodeError):
        return domain


def _reason(error: Exception) -> str:
    words = str(error).rstrip(".")
    return words[:1].lower() + words[1:]
