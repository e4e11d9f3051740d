"""A document as one page of HTML without scripts and without other files, readable on a phone and printable."""

from base64 import b64encode
from functools import cache
from hashlib import sha256
from importlib.resources import files
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from tms_reports.rendering.charts import number_text, svg_of
from tms_reports.rendering.document import Document
from tms_reports.rendering.documents import MAX_PAGE_ROWS

FOLDER = files("tms_reports") / "templates"


@cache
def style() -> str:
    """Return the style sheet of the page, as it stands in its `style` element."""
    return (FOLDER / "page.css").read_text() + (FOLDER / "charts.css").read_text()


@cache
def content_security_policy() -> str:
    """Return the policy of the page: nothing but its own style sheet."""
    digest = b64encode(sha256(style().encode()).digest()).decode()
    return (
        f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )


def html_of(document: Document, *, site: str = "") -> bytes:
    """Return the page as UTF-8. `site` is the URL of the system, whose UI opens the lists of the numbers: a reader of
    the page has no token for the API."""
    template = _environment().get_template("report.html")
    return template.render(
        document=document,
        site=site,
        style=Markup(style()),  # noqa: S704 - the package's own files
        max_rows=MAX_PAGE_ROWS,
    ).encode()


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("tms_reports"), autoescape=True, undefined=StrictUndefined, trim_blocks=True,
        lstrip_blocks=True,
    )  # fmt: skip
    environment.filters |= {"cell": cell, "svg": svg_of}
    environment.tests["number"] = is_number
    return environment


def cell(value: Any) -> str:
    if value is None:
        return "–"
    return number_text(value) if is_number(value) else str(value)


def is_number(value: Any) -> bool:
    return isinstance(value, int | float)
