"""HTML pages: escaping and security headers."""

import base64
import hashlib
import re

import pytest

from tms_core.web.pages import Field, Form, page

EVIL = "<script>alert(1)</script>\"'&"
SCRIPT = "document.title = 'x'"


def policy_of(response):
    rules = response.headers["Content-Security-Policy"].split("; ")
    return dict(rule.split(" ", 1) for rule in rules)


def source(text):
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def test_all_arguments_are_escaped():
    field = Field(EVIL, EVIL, EVIL, EVIL, EVIL)

    text = page(EVIL, EVIL, form=Form(EVIL, (field,), EVIL)).text

    assert "<script" not in text
    assert EVIL not in text
    assert text.count("&lt;script&gt;alert(1)&lt;/script&gt;&#34;&#39;&amp;") == 10


def test_a_page_has_a_heading_a_sentence_and_a_button_and_fits_a_phone():
    text = page("Unsubscribe", "No more mails.", form=Form("Yes")).text

    assert "<h1>Unsubscribe</h1>" in text
    assert "No more mails." in text
    assert "<button>Yes</button>" in text
    assert '<meta name="viewport" content="width=device-width, initial-scale=1">' in text
    assert "prefers-color-scheme: dark" in text
    assert '<html lang="en">' in text


@pytest.mark.parametrize("script", ["", SCRIPT])
def test_the_policy_allows_only_the_pages_own_style_and_script(script):
    response = page("A", "B", form=Form("C"), script=script)
    style = re.search(r"<style>(.*?)</style>", response.text, re.DOTALL)[1]

    policy = policy_of(response)

    assert policy["default-src"] == policy["base-uri"] == policy["frame-ancestors"] == "'none'"
    assert policy["style-src"] == source(style)
    assert policy.get("script-src") == (source(SCRIPT) if script else None)
    assert policy.get("connect-src") == ("'self'" if script else None)
    assert not re.search(r"\s(?:src|href|style|on\w+)\s*=", response.text)


@pytest.mark.parametrize(
    ("form", "script", "action"), [(None, "", "'none'"), (Form("A"), "", "'self'"), (Form("A"), SCRIPT, "'none'")]
)
def test_the_policy_allows_posting_only_with_a_form(form, script, action):
    assert policy_of(page("A", "B", form=form, script=script))["form-action"] == action


def test_pages_are_not_cached_and_send_no_referrer():
    headers = page("A", "B").headers

    assert headers["Cache-Control"] == "no-store"
    assert headers["Referrer-Policy"] == "no-referrer"
    assert headers["X-Frame-Options"] == "DENY"
    assert headers["Content-Type"] == "text/html; charset=utf-8"
