"""The HTML page `/api/docs`, rendered from the OpenAPI document.

The page is self-contained and loads nothing from other hosts; its script only sends the requests that users try out.
"""

import hashlib
from dataclasses import dataclass
from importlib.resources import files
from typing import Any

from jinja2 import Environment, PackageLoader
from markupsafe import Markup

from tms_api.openapi.docs_page.operations import groups_of
from tms_api.openapi.docs_page.schema_text import components_of, prose
from tms_core.web.pages import content_security_policy, page_headers

FILES = files(__name__)


@dataclass(frozen=True, slots=True)
class Page:
    body: bytes
    tag: str
    headers: dict[str, str]


def render(document: dict[str, Any]) -> Page:
    style, script = (_file(name) for name in ("page.css", "page.js"))
    environment = Environment(
        loader=PackageLoader(__name__, "."), autoescape=True, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters["prose"] = prose
    text = environment.get_template("page.html").render(
        info=document["info"],
        groups=groups_of(document),
        components=components_of(document),
        style=Markup(style),  # noqa: S704 - our own file
        script=Markup(script),  # noqa: S704 - our own file
    )
    body = text.encode()
    return Page(
        body,
        hashlib.blake2b(body, digest_size=8).hexdigest(),
        page_headers(content_security_policy(style=style, script=script)),
    )


def _file(name: str) -> str:
    return (FILES / name).read_text(encoding="utf-8")
