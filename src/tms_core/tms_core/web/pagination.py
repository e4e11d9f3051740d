"""Pagination of lists: `{count, next, previous, results}`."""

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from tms_core.error_codes import PAGE_NOT_FOUND
from tms_core.errors import NotFoundError
from tms_core.web.openapi import WholeNumber, names_of

NUMBER = WholeNumber(name="page", help="Page number.", default=1, least=1, most=10**12)
SIZE = WholeNumber(name="page_size", help="Results per page.", default=50, least=1, most=200)
PARAMETERS = (NUMBER, SIZE)
NAMES = names_of(PARAMETERS)
PAST_THE_END = "The page number is past the last page."


@dataclass(frozen=True, slots=True)
class PageRequest:
    number: int
    size: int

    @property
    def offset(self) -> int:
        return (self.number - 1) * self.size


def read_page(values: dict[str, list[str]]) -> PageRequest:
    """Return the parameters `page` and `page_size` of a query. Raises `InvalidError` for an invalid one."""
    return PageRequest(number=NUMBER.read(values), size=SIZE.read(values))


def envelope(request, values: dict[str, list[str]], page: PageRequest, count: int, results: Any) -> dict[str, Any]:
    """Return the body of a page. Raises `NotFoundError` for a page past the end."""
    if page.number > 1 and page.offset >= count:
        pages = -(-count // page.size) or 1
        message = f"There is no page {page.number}: {count} results make {pages} pages."
        raise NotFoundError(message, PAGE_NOT_FOUND, page=page.number, pages=pages)
    has_next = page.offset + page.size < count
    return {
        "count": count,
        "next": _link(request, values, "page", page.number + 1) if has_next else None,
        "previous": _link(request, values, "page", page.number - 1) if page.number > 1 else None,
        "results": results,
    }


def cursor_envelope(request, values: dict[str, list[str]], cursor: str | None, results: Any) -> dict[str, Any]:
    """Return the body of a page read by cursor, without a count and a previous page."""
    link = _link(request, values, "cursor", cursor) if cursor else None
    return {"count": None, "next": link, "previous": None, "results": results}


def whole(results: list[Any]) -> dict[str, Any]:
    """Return the body of an unpaginated list."""
    return {"count": len(results), "next": None, "previous": None, "results": results}


def _link(request, values: dict[str, list[str]], parameter: str, value: object) -> str:
    others = [(name, one) for name in sorted(values) if name != parameter for one in values[name]]
    return f"{request.path_url}?{urlencode([*others, (parameter, value)])}"
