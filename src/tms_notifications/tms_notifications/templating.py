"""Mail templates: those in `tms.notifications.template_path` override those of the package."""

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import ChoiceLoader, Environment, FileSystemLoader, PackageLoader, select_autoescape

from tms_core.sanitizing import one_line
from tms_notifications.models import MailKind


@dataclass(frozen=True, slots=True)
class Rendered:
    subject: str
    text: str
    html: str


@cache
def environment(folders: tuple[Path, ...]) -> Environment:
    """Return the Jinja2 environment of these folders. Changed templates are reloaded."""
    return Environment(
        loader=ChoiceLoader([FileSystemLoader(folders), PackageLoader("tms_notifications")]),
        autoescape=select_autoescape(["html"]),
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )


def render(folders: tuple[Path, ...], kind: MailKind, variables: dict[str, Any]) -> Rendered:
    """Render the subject and both bodies of a mail of this kind. Raises whatever a template raises."""
    name = _name(kind)
    templates = environment(folders)
    subject = one_line(templates.get_template(f"{name}_subject.txt").render(variables))
    variables = {**variables, "subject": subject}
    return Rendered(
        subject,
        templates.get_template(f"{name}.txt").render(variables),
        templates.get_template(f"{name}.html").render(variables),
    )


def _name(kind: MailKind) -> str:
    if kind.is_about_account:
        return f"account/{kind.value}_email"
    own = (MailKind.DUE_SOON, MailKind.SUMMARY)
    return f"task/{kind.value}_email" if kind in own else "task/task_email"
