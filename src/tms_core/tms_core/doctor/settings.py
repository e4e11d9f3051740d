from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from dotenv import dotenv_values

from tms_core.doctor.findings import Finding, fine, warning
from tms_core.redaction import redact_urls
from tms_core.runtime import Runtime
from tms_core.settings_base import Declaration

# The value of a secret that is set.
HIDDEN_VALUE = "(hidden)"


def check_settings(runtime: Runtime) -> Iterator[Finding]:
    """Report settings that are valid but not recommended; invalid settings prevent start-up."""
    core = runtime.core
    packages = ", ".join(runtime.registry.packages[1:]) or "no package but the core"
    yield fine(f"{core.environment}; {packages} (tms doctor --settings lists all)")
    if core.environment != "production":
        return
    if "//localhost" in core.public_url or not core.public_url.startswith("https://"):
        yield warning(
            f"tms.public_url (or TMS_PUBLIC_URL) is {core.public_url}",
            "set it to the https:// address that users reach this deployment by, because mails link to it.",
        )
    if "*" in core.cors_origins:
        yield warning("tms.cors_origins (or TMS_CORS_ORIGINS) is *", "name the origins whose pages may call the API.")


@dataclass(frozen=True, slots=True)
class SettingInForce:
    """A declared setting of a package with its value as in an ini file, without secrets, and where it comes from:
    «environment», «ini», «.env» or «default»."""

    declared: Declaration
    package: str
    value: str
    source: str

    @property
    def default(self) -> str:
        return "" if self.declared.secret else shown(self.declared.default)


def settings_in_force(runtime: Runtime, environ: Mapping[str, str]) -> Iterator[SettingInForce]:
    """Yield every declared setting of the included packages."""
    beside = dotenv_values(Path(runtime.ini_path).resolve().parent / ".env") if runtime.ini_path else {}
    for group, values in runtime.groups.items():
        package = group.__module__.partition(".")[0]
        for declared in group.declarations():
            given, source = declared.find(runtime.ini, environ)
            if source == "environment" and given == beside.get(declared.env):
                source = ".env"
            value = shown(getattr(values, declared.name), is_secret=declared.secret)
            yield SettingInForce(declared, package, value, source)


def shown(value: object, *, is_secret: bool = False) -> str:
    """Format a value as in an ini file, without passwords of URLs."""
    match value:
        case None | () | "":
            return ""
        case _ if is_secret:
            return HIDDEN_VALUE
        case bool():
            return str(value).lower()
        case tuple() | list():
            return redact_urls(" ".join(map(str, value)))
        case _:
            return redact_urls(str(value))
