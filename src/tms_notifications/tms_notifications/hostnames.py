"""Mail addresses as servers know them: domains in ASCII (IDNA 2008 by UTS 46), local parts as they were given."""

import re
import unicodedata
from dataclasses import dataclass
from ipaddress import IPv6Address, ip_address
from urllib.parse import urlsplit

import idna

from tms_core.identity.email_addresses import envelope_address
from tms_core.runtime import Runtime

HOST = re.compile(r"[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+)*")
# Controls, format characters (those that turn the reading direction among them), private ones and separators.
INVISIBLE = {"Cc", "Cf", "Cs", "Cn", "Co", "Zl", "Zp", "Zs"}


class AddressError(ValueError):
    """Text that is no mail address; the sentence may be shown."""


@dataclass(frozen=True, slots=True)
class Mailbox:
    """Somebody's name, as it is read, and the address in the form for mail servers."""

    name: str
    address: str


def smtp_address(email: str) -> str:
    """The address with its domain in ASCII; raises `AddressError`."""
    try:
        address = envelope_address(email)
    except ValueError as error:
        raise AddressError(str(error)) from None
    # The library lets pass what a header or a terminal would not.
    if any(unicodedata.category(character) in INVISIBLE for character in address if not character.isascii()):
        raise AddressError("must be an e-mail address: it has an invisible character before the @")
    return address


def address_literal(text: str) -> str:
    """An IP address as a mail domain (RFC 5321, section 4.1.3); raises ValueError for anything else."""
    address = ip_address(text)
    return f"[IPv6:{address}]" if isinstance(address, IPv6Address) else f"[{address}]"


def ascii_host(host: str) -> str:
    """A host name in ASCII; raises `idna.IDNAError`."""
    return idna.encode(host, uts46=True, transitional=False).decode()


def mail_host(runtime: Runtime) -> str:
    """The host of `tms.public_url`: message ids end in it, and mail servers are greeted with it."""
    host = urlsplit(runtime.core.public_url).hostname or "localhost"
    try:
        return address_literal(host)
    except ValueError:
        return _own_host(host)


def _own_host(host: str) -> str:
    try:
        return ascii_host(host)
    except idna.IDNAError:
        # Names that are no host names in the strict sense, as container_name, have always worked here.
        return host if HOST.fullmatch(host) else "localhost"
