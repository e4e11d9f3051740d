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


class Templates:
    """The templates of one batch of mails. Files that change meanwhile have an effect on the next batch."""

    def __init__(self, folders: tuple[Path, ...]):
        self._environment = _environment(folders)
        loaded = self._environment.cache
        if loaded and not all(template.is_up_to_date for template in loaded.values()):
            loaded.clear()

    def render(self, kind: MailKind, variables: dict[str, Any]) -> Rendered:
        """Render the subject and both bodies of a mail of this kind. Raises whatever a template raises."""
        name = _name(kind)
        template = self._environment.get_template
        subject = one_line(template(f"{name}_subject.txt").render(variables))
        variables = {**variables, "subject": subject}
        return Rendered(subject, template(f"{name}.txt").render(variables), template(f"{name}.html").render(variables))


@cache
def _environment(folders: tuple[Path, ...]) -> Environment:
    return Environment(
        loader=ChoiceLoader([FileSystemLoader(folders), PackageLoader("tms_notifications")]),
        autoescape=select_autoescape(["html"]),
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        # Each template's files would be looked up at every use.
        auto_reload=False,
    )


def _name(kind: MailKind) -> str:
    if kind.is_about_account:
        return f"account/{kind.value}_email"
    own = (MailKind.DUE_SOON, MailKind.SUMMARY)
    return f"task/{kind.value}_email" if kind in own else "task/task_email"
