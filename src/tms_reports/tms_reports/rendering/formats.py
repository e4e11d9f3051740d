"""The formats of reports: their content types, and what their responses consist of."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, get_args

from pyramid.response import Response

from tms_core import error_codes as codes
from tms_core.errors import InvalidError
from tms_core.web.openapi import Parameter
from tms_core.web.resource import to_json
from tms_core.web.validation import single_value
from tms_reports.rendering.csv import csv_chunks
from tms_reports.rendering.documents import document_of
from tms_reports.rendering.html import content_security_policy, html_of

Format = Literal["json", "csv", "html"]
FORMATS: tuple[Format, ...] = get_args(Format)
CONTENT_TYPES: Mapping[Format, str] = {
    "json": "application/json",
    "csv": "text/csv; charset=utf-8",
    "html": "text/html; charset=utf-8",
}
FORMAT = Parameter(
    name="format",
    help="`csv` for spreadsheets; `html` is a page with charts, without scripts.",
    kind=Format,
    default="json",
)
# Content types as the OpenAPI document names them.
OTHER_CONTENT: Mapping[str, Any] = {"text/csv": str, "text/html": str}


@dataclass(frozen=True, slots=True)
class Rendered:
    """A report in a format, in pieces."""

    report: str
    format: Format
    generated_at: datetime
    chunks: Iterable[bytes]

    @property
    def content_type(self) -> str:
        return CONTENT_TYPES[self.format]

    @property
    def file_name(self) -> str:
        return f"{self.report}-{self.generated_at:%Y-%m-%d}.{self.format}"


def read_format(values: dict[str, list[str]]) -> Format:
    """Return the format in a query; raises `InvalidError` with the choices."""
    given = single_value(values, "format")
    if given is None:
        return "json"
    if given not in FORMATS:
        choices = ", ".join(FORMATS)
        raise InvalidError.of("format", f"must be one of {choices}", codes.NOT_A_CHOICE, "query", choices=choices)
    return given


def render(report: str, result: Mapping[str, Any], style: Format, *, site: str = "") -> Rendered:
    """Return a report's result in a format. `site` is the URL of the system, for links."""
    at = result["generated_at"]
    if style == "json":
        return Rendered(report, style, at, [to_json(result)])
    document = document_of(report, result)
    if style == "csv":
        return Rendered(report, style, at, csv_chunks(document))
    return Rendered(report, style, at, [html_of(document, site=site)])


def rendered_response(rendered: Rendered) -> Response:
    return content_response(rendered.content_type, rendered.chunks, rendered.format, rendered.file_name)


def content_response(content_type: str, chunks: Iterable[bytes], style: str, file_name: str) -> Response:
    headers = [("Content-Type", content_type), ("Cache-Control", "no-store")]
    if style == "html":
        headers += [("Content-Security-Policy", content_security_policy()), ("Referrer-Policy", "no-referrer")]
    if style == "csv":
        headers.append(("Content-Disposition", f'attachment; filename="{file_name}"'))
    if isinstance(chunks, list):
        headers.append(("Content-Length", str(sum(map(len, chunks)))))
    return Response(app_iter=chunks, headerlist=headers)
