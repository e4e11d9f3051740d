"""Redaction of secrets in logged addresses."""

import string
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tms_core.redaction import HIDDEN, redact, redact_urls

SECRET = "hunter2"
NAMES = (
    "token",
    "ticket",
    "access",
    "refresh",
    "password",
    "api_key",
    "code",
    "X-Signature",
    "sessionId",
    "jwt",
    "TOKEN",
)
WORDS = st.text(string.ascii_letters + string.digits + "-_.~", min_size=1, max_size=30)


@pytest.mark.parametrize("name", NAMES)
def test_values_of_secret_parameters_are_hidden(name):
    assert redact(f"/api/x?page=2&{name}={SECRET}&q=a") == f"/api/x?page=2&{name}={HIDDEN}&q=a"


def test_parameter_names_are_case_insensitive():
    assert SECRET not in redact(f"/api/x?%74oken={SECRET}")
    assert SECRET not in redact(f"/api/x?to%6ben={SECRET}")


@pytest.mark.parametrize(
    "target",
    [
        "/api/task?status=PENDING,IN_PROGRESS&assigned_to=me&ordering=-due_date&page_size=50",
        "/api/task?q=release%20notes&due_date_gte=2027-03-31",
        "/api/task-report-insight/jobs/5f0c2a9b-e3d1-4477-8a7e-0d9a3c1b2f4e",
        "/api/password-reset/confirm",
        "/api/email-verification/confirm",
        "/api/notifications/unsubscribe",
        "/",
        "",
    ],
)
def test_other_text_is_unchanged(target):
    assert redact(target) == target


@pytest.mark.parametrize(
    "secret",
    [
        "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiI3In0.c2lnbmF0dXJl",
        "tms_0123456789abcdefghij",
        "kPq0nJ1m2nQmUoT2nZ7c3s8yRrWw1vF6gB4xHh9tL0E",
    ],
)
def test_tokens_are_recognised_by_their_shape_in_a_path(secret):
    assert redact(f"/api/reset/{secret}/confirm?page=1") == f"/api/reset/{HIDDEN}/confirm?page=1"


@pytest.mark.parametrize("secret", ["eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiI3In0.c2ln", "tms_0123456789abcdefghij"])
def test_tokens_are_recognised_by_their_shape_in_any_parameter(secret):
    assert redact(f"/api/task?q={secret}") == f"/api/task?q={HIDDEN}"


@given(st.sampled_from(NAMES), st.text(min_size=1).filter(lambda text: text not in HIDDEN), st.lists(WORDS, max_size=3))
def test_no_value_of_a_secret_parameter_is_left(name, secret, values):
    value = quote(secret, safe="")
    others = "".join(f"&x={text}" for text in values)

    assert redact(f"/a?{name}={value}{others}").startswith(f"/a?{name}={HIDDEN}")
    assert redact(f"/a?y=1&{name}={value}").endswith(f"&{name}={HIDDEN}")


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("postgresql://tms:pw@db:5432/tms", f"postgresql://tms:{HIDDEN}@db:5432/tms"),
        ("redis://:p@ss/w:rd@db/0", f"redis://:{HIDDEN}@db/0"),
        ("https://a.example https://u:pw@b.example", f"https://a.example https://u:{HIDDEN}@b.example"),
        ("postgresql://db/tms?user=u&password=pw&x=1", f"postgresql://db/tms?user=u&password={HIDDEN}&x=1"),
        ("http://host:80/path?page=1#a:b", "http://host:80/path?page=1#a:b"),
        ("{public_url}/confirm#token={token}", "{public_url}/confirm#token={token}"),
        ("Tasks <tasks@example.org>", "Tasks <tasks@example.org>"),
    ],
)
def test_passwords_and_secret_parameters_of_urls_are_replaced(text, shown):
    assert redact_urls(text) == shown
