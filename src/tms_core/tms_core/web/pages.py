"""Plain pages for people: a heading, a sentence and a button, in one look and with strict security headers.

Everything given is escaped. A page loads nothing from anywhere and cannot be framed; its address, which may hold a
token, is sent to nobody, and no cache keeps it.
"""

import base64
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.resources import files

from jinja2 import Environment, PackageLoader
from markupsafe import Markup
from pyramid.response import Response

STYLE = (files(__package__) / "page" / "page.css").read_text(encoding="utf-8")
TEMPLATE = Environment(
    loader=PackageLoader(__package__, "page"), autoescape=True, trim_blocks=True, lstrip_blocks=True
).get_template("page.html")


@dataclass(frozen=True, slots=True)
class Field:
    """A text field that must be filled in."""

    name: str
    label: str
    type: str = "text"
    hint: str = ""
    autocomplete: str = "off"
    shortest: int = 1


@dataclass(frozen=True, slots=True)
class Form:
    """A button that posts the fields to the page's own address; `done` is for a script that posts them itself."""

    button: str
    fields: Sequence[Field] = ()
    done: str = ""


def page(heading: str, sentence: str, *, form: Form | None = None, script: str = "", status: int = 200) -> Response:
    """A page; with a script, only the script posts its form."""
    text = TEMPLATE.render(
        heading=heading,
        sentence=sentence,
        form=form,
        style=Markup(STYLE),  # noqa: S704 - our own file
        script=Markup(script),  # noqa: S704 - from the code
    )
    response = Response(text, status=status, content_type="text/html", charset="utf-8")
    policy = content_security_policy(style=STYLE, script=script, posts_forms=form is not None and not script)
    response.headers.update(page_headers(policy))
    response.headers["Cache-Control"] = "no-store"
    return response


def page_headers(policy: str) -> dict[str, str]:
    """What every page carries besides the headers of all answers."""
    return {"Content-Security-Policy": policy, "Referrer-Policy": "no-referrer", "X-Frame-Options": "DENY"}


def content_security_policy(*, style: str, script: str = "", posts_forms: bool = False) -> str:
    """Allows just this style and this script, which may ask this host alone."""
    rules = {
        "default-src": "'none'",
        "style-src": _source(style),
        **({"script-src": _source(script), "connect-src": "'self'"} if script else {}),
        "base-uri": "'none'",
        "form-action": "'self'" if posts_forms else "'none'",
        "frame-ancestors": "'none'",
    }
    return "; ".join(f"{name} {value}" for name, value in rules.items())


def _source(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"
