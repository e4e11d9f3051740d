"""Mail templates: those in `tms.notifications.template_path` override those of the package, one by one."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path
from typing import Any

from jinja2 import ChoiceLoader, Environment, FileSystemLoader, PackageLoader, select_autoescape
from jinja2.ext import Extension
from markupsafe import Markup

from tms_notifications.inlining import with_inlined_css
from tms_notifications.languages import language
from tms_notifications.models import MailKind

STYLE = "style.css"
# Keeps mail programs from showing the beginning of the body after the preview text.
PREHEADER_END = Markup("&#8204;&nbsp;" * 30)  # noqa: S704 - no text of users


@dataclass(frozen=True, slots=True)
class Rendered:
    subject: str
    text: str
    html: str


class Templates:
    """The templates of one batch of mails. Files that change meanwhile have an effect on the next batch."""

    def __init__(self, folders: tuple[Path, ...], subject_prefix: str = ""):
        self._folders = folders
        self._prefix = subject_prefix
        self._environments: dict[str, Environment] = {}

    def render(self, kind: MailKind, variables: dict[str, Any]) -> Rendered:
        """Render the subject and both bodies of a mail of this kind. Raises whatever a template raises.

        `variables` has the language, and no line breaks or control characters outside of descriptions.
        """
        name = _name(kind)
        template = self._of_language(variables["language"]).get_template
        # Not `one_line`, which would remove the isolates around right-to-left titles.
        subject = " ".join(f"{self._prefix} {template(f'{name}_subject.txt').render(variables)}".split())
        variables = {**variables, "subject": subject, "preheader_end": PREHEADER_END}
        return Rendered(subject, template(f"{name}.txt").render(variables), template(f"{name}.html").render(variables))

    def _of_language(self, code: str) -> Environment:
        if code not in self._environments:
            self._environments[code] = environment = _environment(self._folders, code)
            loaded = environment.cache
            if loaded and not all(template.is_up_to_date for template in loaded.values()):
                loaded.clear()
        return self._environments[code]


class InlineCss(Extension):
    """Inlines `style.css` into HTML templates when they are compiled."""

    def preprocess(self, source: str, name: str | None, filename: str | None = None) -> str:
        if name is None or not name.endswith(".html"):
            return source
        loader = self.environment.loader
        assert loader is not None
        return with_inlined_css(source, loader.get_source(self.environment, STYLE)[0], name)


@cache
def _environment(folders: tuple[Path, ...], code: str) -> Environment:
    environment = Environment(
        extensions=["jinja2.ext.i18n", InlineCss],
        loader=ChoiceLoader([FileSystemLoader(folders), PackageLoader("tms_notifications")]),
        autoescape=select_autoescape(["html"]),
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        # Each template's files would be looked up at every use.
        auto_reload=False,
    )
    translations = language(code).translations
    # For {% trans %}, whose texts may contain HTML.
    environment.install_gettext_translations(translations, newstyle=True)  # type: ignore[attr-defined]
    environment.globals["_"] = partial(_translated, translations.gettext)
    return environment


def _translated(gettext: Callable[[str], str], message: str, **variables: object) -> str:
    """Return the translation as text, which HTML templates escape. Much faster than Jinja's own function."""
    return gettext(message) % variables if variables else gettext(message)


def _name(kind: MailKind) -> str:
    if kind.is_about_account:
        return f"account/{kind.value}_email"
    own = (MailKind.DUE_SOON, MailKind.SUMMARY)
    return f"task/{kind.value}_email" if kind in own else "task/task_email"
