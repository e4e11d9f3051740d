"""Host names and mail addresses in the form that servers expect: domains in ASCII (IDNA 2008, UTS 46)."""

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import IPv6Address, ip_address
from urllib.parse import urlsplit

import idna

from tms_core.identity.email_addresses import envelope_address
from tms_core.runtime import Runtime

HOST = re.compile(r"[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+)*")
# Control, format (including bidirectional), surrogate, unassigned, private-use and separator characters.
INVISIBLE = {"Cc", "Cf", "Cs", "Cn", "Co", "Zl", "Zp", "Zs"}


class AddressError(ValueError):
    """The text is not a mail address; the message may be shown to users."""


@dataclass(frozen=True, slots=True)
class Mailbox:
    """A display name, and an address in the form for mail servers."""

    name: str
    address: str


# The same people are mailed again and again, and checking an address takes a tenth of composing a mail.
@lru_cache(maxsize=10_000)
def smtp_address(email: str) -> str:
    """Return the address with its domain in ASCII. Raises `AddressError`."""
    try:
        address = envelope_address(email)
    except ValueError as error:
        raise AddressError(str(error)) from None
    # The library accepts characters that are unsafe in a header or a terminal.
    if any(unicodedata.category(character) in INVISIBLE for character in address if not character.isascii()):
        raise AddressError("must be an e-mail address: it has an invisible character before the @")
    return address


def address_literal(text: str) -> str:
    """Return an IP address as a mail domain (RFC 5321, section 4.1.3). Raises ValueError for anything else."""
    address = ip_address(text)
    return f"[IPv6:{address}]" if isinstance(address, IPv6Address) else f"[{address}]"


def ascii_host(host: str) -> str:
    """Return a host name in ASCII. Raises `idna.IDNAError`."""
    return idna.encode(host, uts46=True, transitional=False).decode()


def mail_host(runtime: Runtime) -> str:
    """Return the host of `tms.public_url`, for Message-IDs and for EHLO."""
    host = urlsplit(runtime.core.public_url).hostname or "localhost"
    try:
        return address_literal(host)
    except ValueError:
        return _own_host(host)


def _own_host(host: str) -> str:
    try:
        return ascii_host(host)
    except idna.IDNAError:
        # Names such as container_name are not valid host names, but were accepted by earlier versions.
        return host if HOST.fullmatch(host) else "localhost"
