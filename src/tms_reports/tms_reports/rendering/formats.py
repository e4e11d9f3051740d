"""The formats of reports: their content types, and what their responses consist of."""

from collections.abc import Iterable, Mapping, Sequence
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
from tms_reports.rendering.documents import CHARTS, chart_of, document_of
from tms_reports.rendering.html import content_security_policy, html_of
from tms_reports.rendering.png import png_of

Values = dict[str, list[str]]
Format = Literal["json", "csv", "html"]
# An image shows one chart only, so that it is no format of jobs and mails.
AnyFormat = Format | Literal["png"]
FORMATS: tuple[AnyFormat, ...] = (*get_args(Format), "png")
CONTENT_TYPES: Mapping[AnyFormat, str] = {
    "json": "application/json",
    "csv": "text/csv; charset=utf-8",
    "html": "text/html; charset=utf-8",
    "png": "image/png",
}
FORMAT = Parameter(
    name="format",
    help="`csv` for spreadsheets; `html` is a page with charts, without scripts; `png` is an image of one chart.",
    kind=Literal["json", "csv", "html", "png"],
    default="json",
)
# Content types as the OpenAPI document names them.
OTHER_CONTENT: Mapping[str, Any] = {"text/csv": str, "text/html": str}
OTHER_CONTENT_WITH_IMAGES: Mapping[str, Any] = {**OTHER_CONTENT, "image/png": bytes}


@dataclass(frozen=True, slots=True)
class Rendered:
    """A report in a format, in pieces."""

    report: str
    format: AnyFormat
    generated_at: datetime
    chunks: Iterable[bytes]

    @property
    def content_type(self) -> str:
        return CONTENT_TYPES[self.format]

    @property
    def file_name(self) -> str:
        return f"{self.report}-{self.generated_at:%Y-%m-%d}.{self.format}"


def read_format(values: Values) -> AnyFormat:
    """Return the format in a query; raises `InvalidError` with the choices."""
    return _choice(values, FORMAT.name, FORMATS)


def chart_parameter(report: str) -> Parameter:
    names = CHARTS[report]
    return Parameter(name="chart", help="The chart of `format=png`.", kind=Literal[names], default=names[0])


def read_chart(values: Values, report: str) -> str:
    """Return the name of the chart in a query; raises `InvalidError` with the choices."""
    return _choice(values, "chart", CHARTS[report])


def _choice(values: Values, name: str, choices: Sequence[Any]) -> Any:
    """Return the value of a parameter; the first choice without it."""
    given = single_value(values, name)
    for choice in choices:
        if given in (choice, None):
            return choice
    listed = ", ".join(choices)
    raise InvalidError.of(name, f"must be one of {listed}", codes.NOT_A_CHOICE, "query", choices=listed)


def render(
    report: str, result: Mapping[str, Any], style: AnyFormat, *, site: str = "", chart: str | None = None
) -> Rendered:
    """Return a report's result in a format. `site` is the URL of the system, for links; `chart` is that of an image,
    by default the first one."""
    at = result["generated_at"]
    if style == "json":
        return Rendered(report, style, at, [to_json(result)])
    document = document_of(report, result)
    match style:
        case "csv":
            return Rendered(report, style, at, csv_chunks(document))
        case "png":
            return Rendered(report, style, at, [png_of(chart_of(document, chart or CHARTS[report][0]))])
        case _:
            return Rendered(report, style, at, [html_of(document, site=site)])


def rendered_response(rendered: Rendered) -> Response:
    return content_response(rendered.content_type, rendered.chunks, rendered.format, rendered.file_name)


def content_response(content_type: str, chunks: Iterable[bytes], style: str, file_name: str) -> Response:
    headers = [("Content-Type", content_type), ("Cache-Control", "no-store")]
    if style == "html":
        headers += [("Content-Security-Policy", content_security_policy()), ("Referrer-Policy", "no-referrer")]
    if style in ("csv", "png"):
        how = "attachment" if style == "csv" else "inline"
        headers.append(("Content-Disposition", f'{how}; filename="{file_name}"'))
    if isinstance(chunks, list):
        headers.append(("Content-Length", str(sum(map(len, chunks)))))
    return Response(app_iter=chunks, headerlist=headers)
