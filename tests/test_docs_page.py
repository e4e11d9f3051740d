"""/api/docs shows the OpenAPI document and loads nothing from other hosts."""

import base64
import hashlib
import re

import pytest


@pytest.fixture
def page(app):
    return app.get("/api/docs", status=200)


def test_the_page_has_no_external_urls(page):
    addresses = re.findall(r"(?:href|src|action|srcset|data)\s*=\s*[\"']([^\"']*)", page.text)
    style = "".join(re.findall(r"<style>(.*?)</style>", page.text, re.DOTALL))

    assert addresses
    assert {address for address in addresses if not address.startswith(("#", "/api/"))} == set()
    assert not re.search(r"url\(|@import|@font-face", style)
    assert not re.search(r"<(?:iframe|object|embed|link|img|script [^>]*src)\b", page.text)


def test_the_policy_allows_only_the_pages_own_script(page):
    policy = dict(part.strip().split(" ", 1) for part in page.headers["Content-Security-Policy"].split(";"))

    assert policy["default-src"] == policy["base-uri"] == policy["form-action"] == policy["frame-ancestors"] == "'none'"
    assert policy["connect-src"] == "'self'"
    for element, rule in (("style", "style-src"), ("script", "script-src")):
        (text,) = re.findall(rf"<{element}>(.*?)</{element}>", page.text, re.DOTALL)
        digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
        assert policy[rule] == f"'sha256-{digest}'"
    assert not re.search(r"\s(?:style|on\w+)\s*=", re.sub(r"<(script|style)>.*?</\1>", "", page.text, flags=re.DOTALL))


def test_the_page_shows_every_operation_and_schema(app, page):
    document = app.get("/api/openapi.json").json
    operations = [one["operationId"] for verbs in document["paths"].values() for one in verbs.values()]
    schemas = [name for name, one in document["components"]["schemas"].items() if one["type"] == "object"]
    ids = re.findall(r'\bid="([^"]+)"', page.text)

    assert {*operations, *(f"schema-{name}" for name in schemas)} <= set(ids)
    assert len(ids) == len(set(ids))
    assert set(re.findall(r'href="#([^"]+)"', page.text)) <= set(ids)


def test_the_page_needs_no_token(app, page):
    assert page.content_type == "text/html"
    assert app.get("/api/docs/", status=200).text == page.text
