"""/, /api, /favicon.ico and /robots.txt."""

import pytest
from pyramid.response import Response
from pyramid.security import NO_PERMISSION_REQUIRED
from webtest import TestApp

from tms_core.app import configure

TEXT = "A page of a package"
ALL = {"health", "ready", "description", "docs", "token", "users", "tasks", "report", "events_ticket", "webhooks"}


@pytest.fixture
def serve(ini, runtime, monkeypatch):
    """Return a function that creates the application for some packages."""
    runtimes = []

    def make(*packages):
        config = configure(ini | {"pyramid.includes": "\n".join(packages)}, web=True)
        runtimes.append(config.registry.tms)
        return TestApp(config.make_wsgi_app())

    yield make
    for one in runtimes:
        one.close()


@pytest.mark.parametrize("path", ["/api", "/api/"])
def test_the_links_of_the_index_work(app, client, path):
    answer = app.get(path, headers={"Host": "localhost:8170"})

    assert answer.json["name"] == "TMS"
    assert set(answer.json["links"]) == ALL
    assert "max-age" in answer.headers["Cache-Control"]
    for url in answer.json["links"].values():
        assert url.startswith("http://localhost:8170/api/")
        assert client.get(url.removeprefix("http://localhost:8170"), expect_errors=True).status_int in (200, 405)


def test_the_index_is_json_also_for_browsers(app):
    assert app.get("/api", headers={"Accept": "text/html,*/*;q=0.8"}).content_type == "application/json"


def test_the_index_links_only_to_included_packages(serve):
    assert set(serve().get("/api").json["links"]) == {"health", "ready"}
    assert set(serve("tms_api").get("/api").json["links"]) == ALL - {"report", "events_ticket", "webhooks"}


def test_home_redirects_to_the_docs_or_to_the_index(serve):
    answer = serve("tms_api").get("/", headers={"Host": "localhost:8170"}, status=302)
    assert answer.headers["Location"] == "http://localhost:8170/api/docs"
    assert answer.follow(headers={"Host": "localhost:8170"}).content_type == "text/html"
    assert serve().get("/", status=302).headers["Location"] == "http://localhost/api"


def test_a_package_can_replace_home(serve):
    app = serve("tms_api", __name__)

    assert app.get("/").text == TEXT
    app.get("/api", status=200)
    app.get("/robots.txt", status=200)


def test_robots_txt_excludes_crawlers(app):
    answer = app.get("/robots.txt")

    assert answer.text.splitlines() == ["User-agent: *", "Disallow: /"]
    assert answer.content_type == "text/plain"
    assert answer.headers["Cache-Control"] == "public, max-age=86400"


def test_the_icon_is_served(app):
    answer = app.get("/favicon.ico")

    assert answer.content_type == "image/x-icon"
    assert answer.body.startswith(b"\0\0\1\0\1\0")
    assert b"\x89PNG" in answer.body
    assert answer.headers["Cache-Control"] == "public, max-age=86400"


def includeme(config):
    """Makes this module a package of the system, with a page at /."""
    config.add_route("page", "/")
    config.add_view(
        lambda request: Response("A page of a package"), route_name="page", permission=NO_PERMISSION_REQUIRED
    )
