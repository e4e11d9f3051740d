"""/tms-client.js is served to pages of any origin. Its behaviour is tested in browser/."""

from importlib.resources import files

import pytest

ELSEWHERE = "https://elsewhere.example"
HERE = "https://app.example"


@pytest.fixture(scope="module")
def settings():
    return {"tms.cors_origins": HERE}


@pytest.mark.parametrize("path", ["/tms-client.js", "/tms-client.js/"])
def test_the_script_is_the_file_of_the_package_and_needs_no_token(app, path):
    answer = app.get(path, status=200)

    assert answer.body == (files("tms_realtime") / "static" / "tms-client.js").read_bytes()
    assert answer.headers["Content-Type"] == "text/javascript; charset=utf-8"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Cache-Control"] == "no-cache"


def test_head_responds_without_a_body(app):
    whole, head = app.get("/tms-client.js"), app.head("/tms-client.js")

    assert head.body == b""
    for name in ("Content-Type", "Content-Length", "ETag", "Access-Control-Allow-Origin"):
        assert head.headers[name] == whole.headers[name]


@pytest.mark.parametrize("spelled", ["{}", "W/{}", '"other", {}', "*"])
def test_a_cached_script_is_not_sent_again(app, spelled):
    tag = app.get("/tms-client.js").headers["ETag"]

    again = app.get("/tms-client.js", headers={"If-None-Match": spelled.format(tag)}, status=304)

    assert again.body == b""
    assert (again.headers["ETag"], again.headers["Cache-Control"]) == (tag, "no-cache")


def test_a_changed_script_is_sent(app):
    assert app.get("/tms-client.js", headers={"If-None-Match": '"older"'}, status=200).body


@pytest.mark.parametrize(("origin", "allowed"), [(HERE, HERE), (ELSEWHERE, "*"), ("null", "*")])
def test_pages_of_every_origin_may_load_the_script(app, origin, allowed):
    assert app.get("/tms-client.js", headers={"Origin": origin}).headers["Access-Control-Allow-Origin"] == allowed


def test_the_script_allows_only_get_and_head(app):
    answer = app.post("/tms-client.js", status=405)

    assert set(answer.headers["Allow"].replace(",", " ").split()) == {"GET", "HEAD"}
