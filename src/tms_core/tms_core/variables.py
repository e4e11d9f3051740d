"""Detection of misspelled environment variables, which prevent start-up."""

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from difflib import get_close_matches
from importlib import import_module
from importlib.util import find_spec
from inspect import getmembers, isclass
from itertools import accumulate

from tms_core.logs import SUPERVISED
from tms_core.settings_base import SettingsGroup

OWN = "TMS_"
# TMS_INI is the path of the settings file; TMS_IMAGE is used by docker-compose.yml.
KNOWN = frozenset({"TMS_INI", "TMS_IMAGE", SUPERVISED})
# Kubernetes and Docker set these for a service whose name begins with tms, as TMS_API_SERVICE_HOST.
SERVICE_LINK = re.compile(
    r"TMS_.*(_SERVICE_(HOST|PORT)(_\w+)?=.*|_PORT_\d+_(TCP|UDP)(_(ADDR|PORT|PROTO))?=.*|_PORT=(tcp|udp)://.*)",
    re.DOTALL,
)
# Minimum similarity at which a name without the TMS_ prefix counts as a misspelling.
ALIKE = 0.87


def unknown_variables(
    environ: Mapping[str, str],
    beside: Mapping[str, str],
    groups: Iterable[type[SettingsGroup]],
    packages: Collection[str] = (),
) -> list[str]:
    """Return a message for every misspelled variable of `environ` and of the `.env` file (its values are `beside`).

    Every TMS_… variable must be known. Other declared variables, such as EMAIL_HOST, have prefixes that other programs
    use too: outside of `.env`, only near misses of these are reported. Variables of packages that are installed but not
    included are ignored.
    """
    known = {declared.env for group in groups for declared in group.declarations()} | KNOWN
    shared = tuple({f"{name.partition('_')[0]}_" for name in known})
    sentences = []
    for name in sorted({*environ, *beside} - known):
        allowed: Collection[str] = known
        if is_own := name.upper().startswith(OWN):
            allowed = known | set(_declared_by_left_out(name, packages))
            if name in allowed or (name not in beside and SERVICE_LINK.fullmatch(f"{name}={environ[name]}")):
                continue
        elif name not in beside and not name.startswith(shared):
            continue
        is_rejected = is_own or (name in beside and name.startswith(shared))
        nearest = _nearest(name, allowed, cutoff=0.6 if is_rejected else ALIKE)
        if nearest or is_rejected:
            sentences.append(_sentence(name, nearest, ".env" if name in beside else "the environment"))
    return sentences


def _sentence(name: str, nearest: str | None, where: str) -> str:
    advice = f"did you mean {nearest}?" if nearest else "take it out (tms doctor --settings lists all)"
    return f"unknown variable {name} in {where}: {advice}"


def _nearest(name: str, known: Collection[str], *, cutoff: float) -> str | None:
    found = get_close_matches(name.upper().replace("-", "_"), known, 1, cutoff)
    return found[0] if found else None


def _declared_by_left_out(name: str, included: Collection[str]) -> Iterator[str]:
    """Yield the variables with the prefix of `name` of packages that are installed but not included."""
    parts = name.lower().split("_")
    for package in accumulate(parts, "{}_{}".format):
        if package == parts[0] or package in included or find_spec(package) is None:
            continue
        try:
            module = import_module(f"{package}.settings")
        except ImportError:
            # The package's settings cannot be loaded, so the name is accepted.
            yield name
            continue
        for _, group in getmembers(module, isclass):
            if issubclass(group, SettingsGroup):
                yield from (declared.env for declared in group.declarations())
