"""E-mail addresses: one canonical form for each mailbox.

The domain goes through UTS 46 (non-transitional) and IDNA 2008 first, so `faß.de` stays another domain than
`fass.de`, and full-width letters, ideographic full stops and A-labels are other spellings of the same one. The library
email-validator then checks the whole by RFC 5321, 5322 and 6531.
"""

import unicodedata

import email_validator
import idna
from email_validator import EmailNotValidError, ValidatedEmail, validate_email

LONGEST_EMAIL = 254
NEEDS_SMTPUTF8 = "must have ASCII characters only before the @: the mail server here takes no others (no SMTPUTF8)"
# The library's way to accept reserved domains: `localhost` and `.local` are usual where mail stays in the house.
email_validator.SPECIAL_USE_DOMAIN_NAMES.clear()


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
    text = text[: 2 * LONGEST_EMAIL]
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


def _validated(text: str) -> ValidatedEmail:
    local, at, domain = text.rpartition("@")
    try:
        if not at:
            raise ValueError("it has no @")
        found = validate_email(
            f"{local}@{_ascii_domain(domain)}",
            allow_quoted_local=True,
            check_deliverability=False,
            globally_deliverable=False,
            strict=True,
        )
        if found.ascii_domain.rpartition(".")[2].isdecimal():
            raise ValueError("its domain must not end in a number")
    except (EmailNotValidError, ValueError) as error:
        raise ValueError(f"must be an e-mail address: {_reason(error)}") from None
    return found


def _ascii_domain(domain: str) -> str:
    """The domain with A-labels; what is no domain comes back as it was, for the library to say why."""
    try:
        remapped = idna.uts46_remap(domain, std3_rules=True, transitional=False)
        return remapped if remapped.isascii() else idna.encode(remapped).decode()
    except (idna.IDNAError, UnicodeError):
        return domain


def _reason(error: Exception) -> str:
    words = str(error).rstrip(".")
    return words[:1].lower() + words[1:]
