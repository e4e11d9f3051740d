"""Attributes that packages add to requests, and the selection of a view by its predicates."""

import pytest
from pyramid.response import Response
from webtest import TestApp

from tms_core.app import configure


@pytest.fixture(scope="module")
def packages():
    # Not the web UI, whose page answers the paths of routes that are added later.
    return ("tms_api",)


@pytest.fixture
def site(ini):
    """A function that includes views and returns the application."""
    apps = []

    def build(include) -> TestApp:
        config = configure(ini, web=True)
        include(config)
        apps.append(TestApp(config.make_wsgi_app()))
        return apps[-1]

    yield build
    for app in apps:
        app.app.registry.tms.close()


def test_all_requests_have_one_class(site):
    classes = []

    def view(request):
        classes.append(type(request))
        return Response(request.id)

    def include(config):
        config.add_route("classes", "/classes")
        config.add_view(view, route_name="classes", permission="__no_permission_required__")

    app = site(include)
    assert app.get("/classes").text != app.get("/classes").text

    assert len(set(classes)) == 1
    assert classes[0].__mro__[1].__name__ == "Request"


def test_properties_are_computed_once_per_request_and_methods_are_bound(site):
    numbers = iter(range(10))

    def include(config):
        config.add_request_method(lambda request: next(numbers), "number", reify=True)
        config.add_request_method(lambda request, more: request.number + more, "plus")
        config.add_route("numbers", "/numbers")
        config.add_view(
            lambda request: Response(f"{request.number} {request.number} {request.plus(5)}"),
            route_name="numbers",
            permission="__no_permission_required__",
        )

    app = site(include)

    assert app.get("/numbers").text == "0 0 5"
    assert app.get("/numbers").text == "1 1 6"


def test_the_first_view_whose_predicates_hold_is_called(site):
    def include(config):
        config.add_route("views", "/views")
        for name, predicates in {
            "get": {"request_method": "GET"},
            "json": {"request_method": "POST", "header": "X-Kind:json"},
            "post": {"request_method": "POST"},
        }.items():
            config.add_view(
                lambda request, name=name: Response(name),
                route_name="views",
                permission="__no_permission_required__",
                **predicates,
            )

    app = site(include)

    assert app.get("/views").text == "get"
    assert app.post("/views").text == "post"
    assert app.post("/views", headers={"X-Kind": "json"}).text == "json"
    assert app.delete("/views", status="4*").status_int in (404, 405)
