"""Plain HTML pages with a heading, a sentence and a form, and strict security headers.

All arguments are escaped. Pages load no external resources, cannot be framed and are not cached. The URL, which may
contain a token, is not sent as Referer.
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
    """A required text field; `shortest` is the minimum length."""

    name: str
    label: str
    type: str = "text"
    hint: str = ""
    autocomplete: str = "off"
    shortest: int = 1


@dataclass(frozen=True, slots=True)
class Form:
    """A form that posts its fields to the page's URL; `done` is a message for a script that posts them instead."""

    button: str
    fields: Sequence[Field] = ()
    done: str = ""


def page(
    heading: str,
    sentence: str,
    *,
    form: Form | None = None,
    script: str = "",
    status: int = 200,
    language: str = "en",
    noscript: str = "This page needs JavaScript.",
) -> Response:
    """Return a page as a response; with a script, only the script can submit the form.

    `language` is the BCP 47 tag of the texts; `noscript` is shown where the script cannot run.
    """
    text = TEMPLATE.render(
        heading=heading,
        sentence=sentence,
        language=language,
        form=form,
        noscript=noscript,
        style=Markup(STYLE),  # noqa: S704 - our own file
        script=Markup(script),  # noqa: S704 - from the code
    )
    response = Response(text, status=status, content_type="text/html", charset="utf-8")
    policy = content_security_policy(style=STYLE, script=script, posts_forms=form is not None and not script)
    response.headers.update(page_headers(policy))
    response.headers["Cache-Control"] = "no-store"
    response.headers["Content-Language"] = language
    return response


def page_headers(policy: str) -> dict[str, str]:
    """Return the headers of every page, in addition to those of every response."""
    return {"Content-Security-Policy": policy, "Referrer-Policy": "no-referrer", "X-Frame-Options": "DENY"}


def content_security_policy(*, style: str, script: str = "", posts_forms: bool = False) -> str:
    """Return a policy that allows only this style and script; the script can connect to this host only."""
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
