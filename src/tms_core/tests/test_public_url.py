"""The base URL of links in production and in development, and validation of the Host header."""

import pytest
from webtest import TestApp

from tms_core.app import configure
from tms_testing.fixtures import Client

PUBLIC = "https://tasks.example.com/tms"
KEY = "5f0c2a9be3d144778a7e0d9a3c1b2f4e"
PROXY = {"REMOTE_ADDR": "10.0.0.1"}
STRANGER = {"REMOTE_ADDR": "203.0.113.9"}
FORWARDED = {
    "X-Forwarded-Proto": "https",
    "X-Forwarded-Host": "tasks.example.org",
    "X-Forwarded-Prefix": "/tms",
}


@pytest.fixture(scope="module")
def packages():
    return ("tms_api", "tms_realtime")


@pytest.fixture(scope="module")
def settings():
    return {"tms.trusted_proxies": "10.0.0.0/8", "tms.jwt_private_key": KEY}


@pytest.fixture
def client(client_of, make_user):
    found = client_of(make_user())
    for title in ("One", "Two"):
        found.post_json("/api/task", {"title": title})
    return found


@pytest.fixture
def in_production(ini, client):
    """A client of the system with production settings."""
    config = configure(ini | {"tms.environment": "production", "tms.public_url": PUBLIC}, web=True)
    yield Client(TestApp(config.make_wsgi_app()), client.user)
    config.registry.tms.close()


def links(client, headers, environ=STRANGER):
    """Return the distinct base URLs of all links in responses."""
    options = {"headers": headers, "extra_environ": environ}
    page = client.get("/api/task?page_size=1", **options).json["next"]
    cursor = client.get("/api/task?page_size=1&cursor=", **options).json["next"]
    created = client.post_json("/api/task", {"title": "New"}, **options).headers["Location"]
    number = created.rpartition("/")[2]
    history = client.get(f"/api/task/{number}/history?page_size=1", **options).headers["Link"]
    index = client.get("/api", **options).json["links"]["tasks"]
    home = client.get("/", **options).headers["Location"]
    return {
        page.removesuffix("/api/task?page_size=1&page=2"),
        cursor.partition("/api/task?page_size=1&cursor=")[0],
        created.removesuffix(f"/api/task/{number}"),
        history.removeprefix("<").partition(f"/api/task/{number}/history?before=")[0],
        index.removesuffix("/api/task"),
        home.removesuffix("/api/docs"),
    }


@pytest.mark.parametrize("environ", [STRANGER, PROXY])
@pytest.mark.parametrize("headers", [{}, {"Host": "evil.example"}, {"Host": "evil.example", **FORWARDED}])
def test_links_begin_with_the_public_url_in_production(in_production, headers, environ):
    assert links(in_production, headers, environ) == {PUBLIC}


def test_the_websocket_url_has_the_public_host_in_production(in_production):
    ticket = in_production.post_json("/api/ws-ticket", {}, headers={"Host": "evil.example"}).json

    assert ticket["url"] == "wss://tasks.example.com:8001/ws/tasks/"


def test_the_openapi_server_is_the_public_url(app, in_production):
    assert in_production.get("/api/openapi.json", headers={"Host": "evil.example"}).json["servers"] == [{"url": PUBLIC}]
    assert app.get("/api/openapi.json").json["servers"] == [{"url": "/"}]


def test_links_follow_the_host_header_in_development(client):
    assert links(client, {"Host": "127.0.0.1:8170"}) == {"http://127.0.0.1:8170"}


def test_links_follow_the_headers_of_a_trusted_proxy(client):
    assert links(client, FORWARDED, PROXY) == {"https://tasks.example.org/tms"}


def test_forwarded_headers_of_other_peers_are_ignored(client):
    assert links(client, {"Host": "localhost", **FORWARDED}, STRANGER) == {"http://localhost"}


@pytest.mark.parametrize(
    ("header", "value", "begin"),
    [
        ("X-Forwarded-Proto", "gopher", "http://localhost"),
        ("X-Forwarded-Proto", "http, https", "https://localhost"),
        ("X-Forwarded-Host", "evil.example, tasks.example.org", "http://tasks.example.org"),
        ("X-Forwarded-Prefix", "/tms/", "http://localhost/tms"),
        ("X-Forwarded-Prefix", "//evil.example", "http://localhost"),
        ("X-Forwarded-Prefix", "/a?b", "http://localhost"),
        ("X-Forwarded-Prefix", "tms", "http://localhost"),
    ],
)
def test_only_valid_values_of_the_nearest_proxy_are_used(client, header, value, begin):
    assert links(client, {"Host": "localhost", header: value}, PROXY) == {begin}


@pytest.mark.parametrize("host", ["a b", "evil/..", "user@evil", "münchen", "a:b"])
@pytest.mark.parametrize("path", ["/api/health", "/api/task", "/nowhere"])
def test_an_invalid_host_header_is_rejected(app, in_production, host, path):
    for asked in (app, in_production):
        answer = asked.get(path, headers={"Host": host}, status=400)

        assert answer.content_type == "application/problem+json"
        assert "Host" in answer.json["detail"]
        assert answer.json["request_id"] == answer.headers["X-Request-ID"]


def test_an_invalid_forwarded_host_is_rejected(client):
    answer = client.get("/api/task", headers={"X-Forwarded-Host": "a b"}, extra_environ=PROXY, status=400)

    assert "X-Forwarded-Host" in answer.json["detail"]


@pytest.mark.parametrize(("version", "status"), [("HTTP/1.0", 200), ("HTTP/1.1", 400)])
def test_only_http_1_0_may_omit_the_host(app, version, status):
    request = app.RequestClass.blank("/api/health", environ={"SERVER_PROTOCOL": version})
    del request.environ["HTTP_HOST"]
    assert request.get_response(app.app).status_int == status

    # Some servers set an empty value if the header is absent.
    request.environ["HTTP_HOST"] = ""
    assert request.get_response(app.app).status_int == status


@pytest.mark.parametrize(
    "url", ["ftp://tasks.example.com", "https://", "https://a@b", "https://a/?q", "https://a/#b", "tasks.example.com"]
)
def test_an_invalid_public_url_is_rejected(ini, url):
    with pytest.raises(Exception, match=r"tms\.public_url"):
        configure(ini | {"tms.public_url": url}, web=False)
