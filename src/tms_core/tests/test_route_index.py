"""The index of routes finds the same routes as Pyramid's mapper."""

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyramid.config import Configurator
from pyramid.exceptions import URLDecodeError
from pyramid.interfaces import IRoutesMapper
from pyramid.request import Request
from pyramid.urldispatch import RoutesMapper

from tms_core.web.route_index import IndexedRoutesMapper

SEGMENTS = ("api", "task", "me", "7", "bulk", "ä", "")
PATTERNS = (
    "/",
    "/api",
    "/api/task",
    r"/api/task/{id:\d+}",
    "/api/task/bulk",
    "/api/{name}",
    "/api/t{rest}",
    "/api/task{rest}",
    "/api/{kind}/bulk",
    "me",
    "/api/me/*rest",
    "/*rest",
)
PATHS = ["/" + "/".join(parts) for length in range(4) for parts in product(SEGMENTS, repeat=length)]


def connect_all(mapper, patterns):
    for number, pattern in enumerate(patterns):
        # Every third route matches only with a query.
        predicates = () if number % 3 else (lambda _info, request: bool(request.query_string),)
        mapper.connect(f"route-{number}", pattern, predicates=predicates)
    return mapper


def found(mapper, path: str, query: str) -> tuple:
    info = mapper(Request.blank("/", {"PATH_INFO": path.encode().decode("latin-1"), "QUERY_STRING": query}))
    return info["route"] and info["route"].name, info["match"]


@given(patterns=st.lists(st.sampled_from(PATTERNS), unique=True), query=st.sampled_from(["", "a=1"]))
def test_each_path_matches_the_same_route_as_without_the_index(patterns, query):
    indexed, plain = connect_all(IndexedRoutesMapper(), patterns), connect_all(RoutesMapper(), patterns)

    for path in [*PATHS, "/api/task\n", "/api/task/7\n"]:
        assert found(indexed, path, query) == found(plain, path, query), path


def test_routes_can_be_added_later():
    mapper = IndexedRoutesMapper()
    mapper.connect("first", "/api/task")
    assert found(mapper, "/api/user", "")[0] is None

    mapper.connect("second", "/api/user")

    assert found(mapper, "/api/user", "")[0] == "second"


def test_only_routes_that_begin_alike_are_compared():
    mapper = connect_all(IndexedRoutesMapper(), ["/api/task", "/api/user", r"/api/task/{id:\d+}", "/{any}"])

    assert [route.pattern for route in mapper._candidates("/api/task/7")] == [
        "/api/task",
        r"/api/task/{id:\d+}",
        "/{any}",
    ]


def test_a_path_that_is_not_utf8_is_reported():
    mapper = connect_all(IndexedRoutesMapper(), PATTERNS)

    with pytest.raises(URLDecodeError):
        mapper(Request.blank("/", {"PATH_INFO": "/\xff"}))


def test_routes_that_were_added_before_the_index_are_kept():
    config = Configurator()
    config.add_route("early", "/api/early")
    config.include("tms_core.web.route_index")
    config.add_route("late", "/api/late")
    config.commit()
    mapper = config.registry.getUtility(IRoutesMapper)

    assert isinstance(mapper, IndexedRoutesMapper)
    assert [found(mapper, path, "")[0] for path in ("/api/early", "/api/late")] == ["early", "late"]


def test_the_application_uses_the_index(app):
    assert isinstance(app.app.registry.getUtility(IRoutesMapper), IndexedRoutesMapper)
