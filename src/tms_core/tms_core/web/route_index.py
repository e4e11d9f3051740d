"""Route matching by the first two segments of the path.

Pyramid compares a path with the pattern of each route in turn. The index leaves those out whose pattern begins with
other segments, so the time does not grow with the number of packages. The order of the remaining routes is unchanged.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from pyramid.exceptions import URLDecodeError
from pyramid.urldispatch import RoutesMapper

SEGMENTS = 2
PLACEHOLDER = re.compile(r"[{*:]")


class IndexedRoutesMapper(RoutesMapper):
    """Pyramid's mapper with an index, which is built again after routes were added."""

    # Of the class, because `includeme` turns an existing mapper into one of this class.
    _index: Mapping[str, Sequence[Any]] | None = None
    # The routes for paths that no pattern names.
    _others: Sequence[Any] = ()

    def connect(self, *args: Any, **kwargs: Any) -> Any:
        self._index = None
        return super().connect(*args, **kwargs)

    def __call__(self, request: Any) -> dict[str, Any]:
        try:
            path = request.path_info or "/"
        except UnicodeDecodeError as error:
            raise URLDecodeError(error.encoding, error.object, error.start, error.end, error.reason) from None
        for route in self._candidates(path):
            match = route.match(path)
            if match is not None:
                info = {"match": match, "route": route}
                if all(predicate(info, request) for predicate in route.predicates):
                    return info
        return {"route": None, "match": None}

    def _candidates(self, path: str) -> Sequence[Any]:
        # The patterns' `$` also matches before a line break at the end.
        if path.endswith("\n"):
            return self.routelist
        index = self._index
        if index is None:
            self._index = index = self._built()
        return index.get(_start(path), self._others)

    def _built(self) -> dict[str, Sequence[Any]]:
        starts = [(_literal_start(route.pattern), route) for route in self.routelist]
        self._others = [route for start, route in starts if start is None]
        named = {start for start, _route in starts if start is not None}
        return {name: [route for start, route in starts if start in (None, name)] for name in named}


def _start(path: str) -> str:
    return "/".join(path.split("/", SEGMENTS + 1)[: SEGMENTS + 1])


def _literal_start(pattern: str) -> str | None:
    """Return the start of all paths that a pattern matches; None if it has a placeholder there."""
    pattern = pattern if pattern.startswith("/") else f"/{pattern}"
    found = PLACEHOLDER.search(pattern)
    if found is None:
        return _start(pattern)
    literal = pattern[: found.start()]
    return _start(literal) if literal.count("/") > SEGMENTS else None


def includeme(config):
    mapper = config.get_routes_mapper()
    # A package that was included earlier may have added routes already.
    if type(mapper) is RoutesMapper:
        mapper.__class__ = IndexedRoutesMapper
