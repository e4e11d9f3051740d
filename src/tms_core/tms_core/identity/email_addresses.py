"""E-mail addresses: one canonical form per mailbox.

The domain is processed by UTS 46 (non-transitional) and IDNA 2008, so `faß.de` and `fass.de` are different domains, and
full-width letters, ideographic full stops and A-labels are spellings of the same one. The library email-validator then
checks the address by RFC 5321, 5322 and 6531.
"""

import unicodedata
from functools import cache
from typing import TYPE_CHECKING

from tms_core import error_codes as codes
from tms_core.invalid_values import InvalidValueError

if TYPE_CHECKING:
    from collections.abc import Callable

    from email_validator import ValidatedEmail

MAX_EMAIL_LENGTH = 254
# No spelling of an address is longer. Processing a megabyte would take seconds.
MAX_SPELLING_LENGTH = 4 * MAX_EMAIL_LENGTH
NEEDS_SMTPUTF8 = (
    "must have only ASCII characters before the @: the mail server here does not support others (no SMTPUTF8)"
)


def normalize_email(text: str, *, smtputf8: bool = True) -> str:
    """Return the address as stored and displayed: local part in NFC, domain in Unicode; raises ValueError.

    `smtputf8` is whether the mail server supports local parts beyond ASCII.
    """
    found = _validated(text)
    if not found.local_part.isascii() and not smtputf8:
        raise InvalidValueError(NEEDS_SMTPUTF8, codes.EMAIL_NOT_ASCII)
    return found.normalized


def email_key(text: str) -> str:
    """Return a key that is equal for all spellings of a mailbox; text that is not an address is case-folded only."""
    text = text[:MAX_SPELLING_LENGTH]
    if text.isascii() and '"' not in text and "xn--" not in text.lower():
        return text.lower()
    try:
        found = _validated(text)
    except ValueError:
        return unicodedata.normalize("NFC", text.casefold())
    return unicodedata.normalize("NFC", f"{found.local_part.casefold()}@{found.ascii_domain}")


def envelope_address(text: str) -> str:
    """Return the address for the SMTP envelope, with an ASCII domain; raises ValueError for an invalid address."""
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
        reason = _reason(error)
        raise InvalidValueError(f"must be an e-mail address: {reason}", codes.NOT_EMAIL, reason=reason) from None
    return found


@cache
def _validate() -> "Callable[..., ValidatedEmail]":
    # Imported on first use, because most processes check no address.
    import email_validator

    # Accept reserved domains; `localhost` and `.local` are common in internal networks.
    email_validator.SPECIAL_USE_DOMAIN_NAMES.clear()
    return email_validator.validate_email


def _ascii_domain(domain: str) -> str:
    """Return the domain with A-labels; an invalid domain is returned unchanged, for the library to report."""
    if domain.isascii():
        return domain.lower()
    import idna

    try:
        remapped = idna.uts46_remap(domain, std3_rules=True, transitional=False)
        return remapped if remapped.isascii() else idna.encode(remapped).decode()
    except (idna.IDNAError, UnicodeError):
        return domain


def _reason(error: Exception) -> str:
    reason = str(error).rstrip(".")
    return reason[:1].lower() + reason[1:]
