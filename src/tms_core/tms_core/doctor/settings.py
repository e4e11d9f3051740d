from collections.abc import Iterator, Mapping
from pathlib import Path

from dotenv import dotenv_values

from tms_core.doctor.findings import Finding, fine, warning
from tms_core.runtime import Runtime
from tms_core.settings_base import Declaration


def check_settings(runtime: Runtime) -> Iterator[Finding]:
    """Report settings that are valid but not recommended; invalid settings prevent start-up."""
    core = runtime.core
    packages = ", ".join(runtime.registry.packages[1:]) or "no package but the core"
    yield fine(f"{core.environment}; {packages} (tms doctor --settings lists all)")
    if core.environment != "production":
        return
    if "//localhost" in core.public_url or not core.public_url.startswith("https://"):
        yield warning(
            f"tms.public_url (or TMS_PUBLIC_URL) is {core.public_url}: set it to the https:// address that users "
            "reach this deployment by, because mails link to it."
        )
    if "*" in core.cors_origins:
        yield warning("tms.cors_origins (or TMS_CORS_ORIGINS) is *: name the origins whose pages may call the API.")


def settings_rows(runtime: Runtime, environ: Mapping[str, str]) -> Iterator[tuple[Declaration, str, str]]:
    """Yield every declared setting with its current value, secrets hidden, and the source of the value."""
    beside = dotenv_values(Path(runtime.ini_path).resolve().parent / ".env") if runtime.ini_path else {}
    for group, values in runtime.groups.items():
        for declared in group.declarations():
            given, source = declared.find(runtime.ini, environ)
            if source == "environment" and given == beside.get(declared.env):
                source = ".env"
            yield declared, shown(getattr(values, declared.name), is_secret=declared.secret), source


def shown(value: object, *, is_secret: bool = False) -> str:
    """Format a value as in an ini file."""
    match value:
        case None | () | "":
            return ""
        case _ if is_secret:
            return "(hidden)"
        case bool():
            return str(value).lower()
        case tuple() | list():
            return " ".join(map(str, value))
        case _:
            return str(value)
