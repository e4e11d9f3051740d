"""The built files: caching, encodings, and names that lead elsewhere."""

import gzip

import pytest
from webob import Request
from webtest import TestApp

from tms_core.app import configure
from tms_core.errors import ConfigurationError

SCRIPT = "/assets/tms_web/shell-AB12CD34.js"


@pytest.fixture
def get(app):
    """Return a function that sends a GET; webtest would decode the body and remove Content-Encoding."""

    def send(path, method="GET", **headers):
        by_name = {name.replace("_", "-"): value for name, value in headers.items()}
        return Request.blank(path, method=method, headers=by_name).get_response(app.app)

    return send


@pytest.mark.parametrize(
    ("accepted", "coding"),
    [
        (None, None),
        ("", None),
        ("br, gzip", "br"),
        ("gzip, deflate, br, zstd", "br"),
        ("gzip", "gzip"),
        ("gzip;q=1.0, br;q=0.5", "gzip"),
        ("br;q=0, gzip", "gzip"),
        ("br;q=0, gzip;q=0", None),
        ("*", "br"),
        ("*;q=0", None),
        ("identity;q=1, *;q=0.1", None),
        ("deflate", None),
        ("nonsense;;q=", None),
    ],
)
def test_the_encoding_is_what_the_client_prefers(get, accepted, coding):
    answer = get(SCRIPT, **({} if accepted is None else {"Accept_Encoding": accepted}))

    assert answer.headers.get("Content-Encoding") == coding
    assert answer.headers["Vary"] == "Accept-Encoding"
    assert answer.headers["Content-Type"] == "text/javascript; charset=utf-8"
    expected = {"br": b"\x1b-brotli"}.get(coding)
    body = gzip.decompress(answer.body) if coding == "gzip" else answer.body
    assert body == expected or body.startswith(b"export default 'shell'")


def test_each_encoding_has_its_own_tag(get):
    plain, packed = get(SCRIPT), get(SCRIPT, Accept_Encoding="gzip")

    assert plain.headers["ETag"] != packed.headers["ETag"]
    assert get(SCRIPT, If_None_Match=plain.headers["ETag"]).status_int == 304
    unchanged = get(SCRIPT, Accept_Encoding="gzip", If_None_Match=packed.headers["ETag"])
    assert (unchanged.status_int, unchanged.body) == (304, b"")
    assert unchanged.headers["Vary"] == "Accept-Encoding"
    assert get(SCRIPT, Accept_Encoding="gzip", If_None_Match=plain.headers["ETag"]).status_int == 200


def test_hashed_names_are_immutable_and_others_are_revalidated(get):
    assert get(SCRIPT).headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert get("/assets/tms_web/icons/sprite.svg").headers["Cache-Control"] == "no-cache"
    assert get("/assets/tms_web/data-transfer.js").headers["Cache-Control"] == "no-cache"
    assert get("/assets/tms_web/icons/sprite.svg").headers["Content-Type"] == "image/svg+xml"


def test_head_has_the_headers_and_no_body(get):
    answer = get(SCRIPT, "HEAD", Accept_Encoding="br")

    assert answer.body == b""
    assert answer.headers["Content-Encoding"] == "br"
    assert answer.headers["ETag"] == get(SCRIPT, Accept_Encoding="br").headers["ETag"]


@pytest.mark.parametrize(
    "path",
    [
        "/assets/tms_web/../tms_web/settings.py",
        "/assets/tms_web/%2e%2e/settings.py",
        "/assets/tms_web/..%2fsettings.py",
        "/assets/tms_web//etc/passwd",
        "/assets/../../etc/passwd",
        "/assets/tms_core/settings.py",
        "/assets/tms_web/manifest.json",
        "/assets/tms_web/icons",
        "/assets/tms_web/shell-AB12CD34.js.br",
        "/assets/tms_web/%00",
    ],
)
def test_nothing_but_the_built_files_is_served(get, path):
    answer = get(path)

    assert answer.status_int == 404
    assert answer.content_type == "application/problem+json"


def test_files_are_not_for_other_methods(app):
    assert app.delete(SCRIPT, expect_errors=True).status_int == 405


class TestABadFolder:
    @pytest.mark.parametrize(
        ("files", "message"),
        [
            ({}, r"bad has no built web pages \(bad:web/manifest\.json is missing\): run make install in a checkout"),
            ({"web/manifest.json": b"{"}, "must be a JSON object with an entry"),
            ({"web/manifest.json": b"[]"}, "must be a JSON object with an entry"),
            ({"web/manifest.json": b'{"entry": "gone.js"}'}, r"names gone\.js, which is not in that folder"),
            (
                {"web/manifest.json": b'{"entry": "a.js", "imports": {"preact": "a.js"}}', "web/a.js": b""},
                "the manifest of bad has imports, which only tms_web may have",
            ),
        ],
    )
    def test_stops_the_start_and_says_what_to_do(self, ini, make_package, files, message):
        make_package("bad", lambda config: config.add_web_module("bad:web"), files)

        with pytest.raises(ConfigurationError, match=message):
            configure(ini | {"pyramid.includes": "tms_api tms_web bad"}, web=True)

    def test_of_a_missing_package_stops_the_start(self, ini, make_package):
        make_package("bad", lambda config: config.add_web_module("no_such:web"), {})

        with pytest.raises(ConfigurationError, match="there is no package no_such"):
            configure(ini | {"pyramid.includes": "tms_api tms_web bad"}, web=True)

    def test_is_not_read_by_other_processes(self, ini, make_package):
        make_package("bad", lambda config: config.add_web_module("bad:web"), {})

        runtime = configure(ini | {"pyramid.includes": "tms_api tms_web bad"}, web=False).registry.tms

        assert runtime.registry.frontends["bad"] == "bad:web"
        runtime.close()


def test_two_modules_of_one_package_are_refused(ini, make_package):
    def twice(config):
        config.add_web_module("bad:web")
        config.add_web_module("bad:other")

    make_package("bad", twice, {})

    with pytest.raises(ConfigurationError, match="two packages register the web module of 'bad'"):
        configure(ini | {"pyramid.includes": "tms_api tms_web bad"}, web=False)


def test_files_are_served_without_a_database(ini):
    config = configure(ini | {"tms.database_url": "postgresql://tms@127.0.0.1:9/none"}, web=True)

    assert TestApp(config.make_wsgi_app()).get(SCRIPT).status_int == 200
    config.registry.tms.close()
