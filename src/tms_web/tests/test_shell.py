"""The page: which paths it answers, what it holds, and its security headers."""

import base64
import hashlib
import json
import re

import pytest
from webtest import TestApp

from tms_core.app import configure
from tms_core.errors import ConfigurationError

# The web UI comes first, so that its page must let the routes of those behind it pass.


@pytest.fixture(scope="module")
def packages(built, make_package):
    def includeme(config):
        config.add_web_module("acme:web")

    acme = make_package("acme", includeme, {"web/manifest.json": b'{"entry": "page.js"}', "web/page.js": b"1"})
    return ("tms_web", "tms_api", "tms_realtime", acme)


@pytest.fixture(scope="module")
def settings():
    return {"tms.web.images": "https://images.example.com", "tms.registration": "closed"}


def script(answer, attributes: str) -> str:
    (found,) = re.findall(f"<script {attributes}>(.*?)</script>", answer.text, re.DOTALL)
    return found


def config_of(answer):
    return json.loads(script(answer, 'type="application/json" id="tms-config"'))


def policy(answer) -> dict[str, list[str]]:
    rules = (rule.split() for rule in answer.headers["Content-Security-Policy"].split(";"))
    return {name: values for name, *values in rules}


@pytest.mark.parametrize(
    "path", ["/", "/sign-in", "/tasks/42", "/board", "/administration/users/", "/no/such/page", "/apiary", "/%C3%A4"]
)
def test_every_path_of_the_ui_is_the_same_page(app, path):
    answer = app.get(path)

    assert answer.content_type == "text/html"
    assert answer.text == app.get("/").text


@pytest.mark.parametrize(
    "path", ["/api/nothing", "/assets/nothing", "/assets", "/assets/tms_web/no.js", "/api/x/", "//api/task"]
)
def test_other_paths_that_do_not_exist_are_problems(app, path):
    answer = app.get(path, status=404)

    assert answer.content_type == "application/problem+json"


def test_the_page_leaves_the_other_resources_alone(app):
    assert app.get("/api").json["name"] == "TMS"
    assert app.get("/metrics", status=403).content_type == "application/problem+json"
    assert app.get("/tms-client.js").content_type == "text/javascript"
    assert app.get("/robots.txt").content_type == "text/plain"
    assert app.post("/board", expect_errors=True).status_int == 405


def test_the_page_is_revalidated(app):
    answer = app.get("/board")

    assert answer.headers["Cache-Control"] == "no-cache"
    assert app.get("/board", headers={"If-None-Match": answer.headers["ETag"]}).status_int == 304
    assert app.head("/board").headers["ETag"] == answer.headers["ETag"]
    assert app.head("/board").body == b""


def test_the_page_names_its_scripts_and_styles(app):
    answer = app.get("/")

    assert json.loads(script(answer, 'type="importmap"')) == {
        "imports": {
            "preact": "/assets/tms_web/preact-EF56GH78.js",
            "tms/ui": "/assets/tms_web/ui-EF56GH78.js",
        }
    }
    assert '<link rel="stylesheet" href="/assets/tms_web/shell-AB12CD34.css">' in answer.text
    assert '<script type="module" src="/assets/tms_web/shell-AB12CD34.js"></script>' in answer.text
    # An import map after a module has started to load is ignored by some browsers.
    assert answer.text.index("importmap") < answer.text.index("modulepreload") < answer.text.index('type="module"')
    urls = re.findall(r'(?:href|src)="(/assets/[^"]+)"', answer.text)
    # What the first script imports is asked for at once, and not when the first script has arrived.
    preloaded = set(re.findall(r'rel="modulepreload" href="([^"]+)"', answer.text))
    names = ("shell-AB12CD34", "chunk-GH90IJ12", "preact-EF56GH78")
    assert preloaded == {f"/assets/tms_web/{name}.js" for name in names} | set(config_of(answer)["modules"])
    assert len(urls) == 7
    assert [app.get(url).status_int for url in urls] == [200] * 7


def test_the_page_holds_the_configuration_of_all_packages(app):
    config = config_of(app.get("/", extra_environ={"HTTP_HOST": "tasks.local:8000"}))

    assert config == {
        "base": "",
        "modules": ["/assets/tms_realtime/index-AB12CD34.js", "/assets/acme/page.js"],
        "registration": "closed",
        "scopes": ["tasks:read", "tasks:write", "users:read"],
        "passwordReset": False,
        "timezone": "UTC",
        "images": ["https://images.example.com"],
        "realtimeUrl": "ws://tasks.local:8001/ws/tasks/",
    }


def hash_source(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def test_the_policy_allows_the_inline_scripts_those_of_this_host_and_the_realtime_channel_only(app):
    answer = app.get("/")

    inline = [script(answer, 'data-base=""'), script(answer, 'type="importmap"')]
    assert policy(answer) == {
        "default-src": ["'none'"],
        "script-src": ["'self'", *map(hash_source, inline)],
        "style-src": ["'self'"],
        "img-src": ["'self'", "data:", "https://images.example.com"],
        "font-src": ["'self'"],
        "connect-src": ["'self'", "ws://localhost:8001/ws/tasks/"],
        "manifest-src": ["'self'"],
        "base-uri": ["'none'"],
        "form-action": ["'none'"],
        "frame-ancestors": ["'none'"],
        "require-trusted-types-for": ["'script'"],
        "trusted-types": ["dompurify"],
    }
    assert len(answer.headers.getall("Content-Security-Policy")) == 1
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    assert answer.headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert "camera=()" in answer.headers["Permissions-Policy"]


def test_the_page_runs_one_inline_script_before_all_others(app):
    text = app.get("/").text

    assert '<script data-base="">begin();</script>' in text
    assert text.index("begin();") < text.index("importmap")
    assert len(re.findall(r"<script(?![^>]*(?:src=|importmap|application/json))", text)) == 1
    assert "style=" not in text
    assert "<style" not in text


def test_the_page_without_the_realtime_package_has_no_realtime_url(ini):
    without = {"pyramid.includes": "tms_api tms_web"}
    config = configure({key: value for key, value in ini.items() if "realtime" not in key} | without, web=True)

    answer = TestApp(config.make_wsgi_app()).get("/")

    assert "realtimeUrl" not in config_of(answer)
    assert policy(answer)["connect-src"] == ["'self'"]
    assert config_of(answer)["modules"] == []
    config.registry.tms.close()


def test_without_the_web_package_there_are_no_pages(ini):
    without = {"pyramid.includes": "tms_api acme"}
    bare = {key: value for key, value in ini.items() if not key.startswith("tms.web")}
    config = configure(bare | without, web=True)
    app = TestApp(config.make_wsgi_app())

    assert app.get("/", status=302).location == "http://localhost/api/docs"
    for path in ("/board", "/assets/acme/page.js", "/assets/tms_web/shell-AB12CD34.js"):
        assert app.get(path, status=404).content_type == "application/problem+json"
    app.post_json("/api/web-session", {"username": "ann", "password": "x"}, status=404)
    config.registry.tms.close()


def test_behind_a_path_prefix_all_urls_have_it(ini):
    prefixed = {
        "tms.environment": "production",
        "tms.public_url": "https://example.com/tms",
        "tms.jwt_private_key": "7f3ac1e94b0d5826" * 4,
    }
    config = configure(ini | prefixed, web=True)

    answer = TestApp(config.make_wsgi_app()).get("/board")

    assert set(re.findall(r'(?:href|src)="(/[^/"]*)', answer.text)) == {"/tms"}
    assert json.loads(script(answer, 'type="importmap"'))["imports"]["preact"].startswith("/tms/assets/")
    assert config_of(answer)["base"] == "/tms"
    config.registry.tms.close()


@pytest.mark.parametrize("value", ["http://images.example.com", "https://a.example/x", "https://a; script-src *", "*"])
def test_images_are_allowed_by_origin_only(ini, value):
    with pytest.raises(
        ConfigurationError, match=r"tms\.web\.images .*must be origins such as https://images\.example\.com"
    ):
        configure(ini | {"tms.web.images": value}, web=False)
