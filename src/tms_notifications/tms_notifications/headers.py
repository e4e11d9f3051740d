"""Headers that come back as they were written.

The standard library's newer way of folding loses spaces of long headers in other scripts, and encodes links that
are longer than a line (seen in Python 3.11); its older `Header` does neither.
"""

import re
from email.header import Header
from email.headerregistry import HeaderRegistry, UniqueAddressHeader, UniqueUnstructuredHeader
from email.policy import SMTP, EmailPolicy
from typing import Any

SHORT = 64
PLAIN_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9 ]*")


def _encoded(name: str, value: str, *, as_it_is: bool, linesep: str) -> str:
    return Header(value, "us-ascii" if as_it_is else "utf-8", header_name=name).encode(linesep=linesep)


class _Subject(UniqueUnstructuredHeader):
    def fold(self: Any, *, policy: EmailPolicy) -> str:
        # What only looks encoded must be encoded once more.
        as_it_is = self.isascii() and "=?" not in self
        return f"{self.name}: {_encoded(self.name, self, as_it_is=as_it_is, linesep=policy.linesep)}{policy.linesep}"


class _OneAddress(UniqueAddressHeader):
    def fold(self: Any, *, policy: EmailPolicy) -> str:
        (address,) = self.addresses
        if not address.display_name:
            return f"{self.name}: {address.addr_spec}{policy.linesep}"
        as_it_is = PLAIN_NAME.fullmatch(address.display_name) is not None
        name = _encoded(self.name, address.display_name, as_it_is=as_it_is, linesep=policy.linesep)
        is_short = as_it_is and len(name) + len(address.addr_spec) < SHORT
        return f"{self.name}: {name}{'' if is_short else policy.linesep} <{address.addr_spec}>{policy.linesep}"


class _Verbatim(UniqueUnstructuredHeader):
    """An address of the web or of a mail, in ASCII: what is too long for a line would be encoded otherwise, and
    no mail program follows an encoded link."""

    def fold(self: Any, *, policy: EmailPolicy) -> str:
        return f"{self.name}: {self}{policy.linesep}"


OWN: dict[str, Any] = {
    "subject": _Subject,
    "from": _OneAddress,
    "to": _OneAddress,
    "message-id": _Verbatim,
    "references": _Verbatim,
    "list-unsubscribe": _Verbatim,
}


def _registry() -> HeaderRegistry:
    registry = HeaderRegistry()
    for name, header in OWN.items():
        registry.map_to_type(name, header)
    return registry


# Seven bits pass every server; the bodies are encoded for that.
POLICY = SMTP.clone(cte_type="7bit", header_factory=_registry())
