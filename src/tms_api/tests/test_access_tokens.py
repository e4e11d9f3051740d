"""Authentication by access token: valid tokens are accepted, all others rejected."""

import base64
import time

import jwt
import pytest

OPEN = [
    ("GET", "/api/health"),
    ("GET", "/api/ready"),
    ("POST", "/api/users"),
    ("POST", "/api/token"),
    ("POST", "/api/token/refresh"),
    ("POST", "/api/token/revoke"),
]
CLOSED = [
    ("POST", "/api/token/revoke-all"),
    ("GET", "/api/users"),
    ("GET", "/api/users/me"),
    *((verb, "/api/users/1") for verb in ("GET", "PUT", "PATCH", "DELETE")),
    ("GET", "/api/task"),
    ("POST", "/api/task"),
    *((verb, "/api/task/1") for verb in ("GET", "PUT", "PATCH", "DELETE")),
]


@pytest.fixture
def claims(make_user, app):
    """The claims of a valid access token."""
    user = make_user()
    return jwt.decode(user.access, options={"verify_signature": False})


@pytest.fixture
def key(runtime):
    return runtime.core.jwt_key


@pytest.fixture
def status_of(app):
    """Return the status of a request with an Authorization header."""
    return lambda header: app.get("/api/users/me", headers={"Authorization": header}, expect_errors=True).status_int


@pytest.mark.parametrize("slash", ["", "/"])
@pytest.mark.parametrize(("verb", "path"), CLOSED)
def test_a_request_without_a_token_is_401_with_a_challenge(app, verb, path, slash, problem):
    answer = app.request(path + slash, method=verb, status=401)

    problem(answer)
    assert answer.headers["WWW-Authenticate"] == "Bearer"


@pytest.mark.parametrize(("verb", "path"), OPEN)
def test_open_routes_need_no_token(app, verb, path):
    answer = app.request(path, method=verb, content_type="application/json", expect_errors=True)

    assert answer.status_int in (200, 400)


def test_a_token_with_these_claims_and_signature_is_accepted(claims, key, status_of):
    assert status_of(f"Bearer {jwt.encode(claims, key, 'HS256')}") == 200


@pytest.mark.parametrize(
    "change",
    [
        {"kind": "refresh"},
        {"kind": None},
        {"iss": "somebody"},
        {"exp": int(time.time()) - 1},
        {"sub": "ann"},
        {"sub": ""},
        {"sub": "9" * 30},
        {"sub": ["1"]},
        {"exp": "soon"},
        {"exp": None},
        {"sid": 5},
        {"sid": ["x"]},
        {"epoch": "0"},
        {"epoch": 1.5},
        {"epoch": True},
        {"adm": "yes"},
        {"adm": 1},
        {"auth_time": "now"},
    ],
)
def test_a_token_with_an_invalid_claim_is_refused(claims, key, status_of, change):
    assert status_of(f"Bearer {jwt.encode({**claims, **change}, key, 'HS256')}") == 401


def test_a_token_of_an_unknown_session_changes_nothing(claims, key, app):
    """The signature is valid, but the session never existed."""
    for session in ("abc", "personal-1", "personal-x", "0b9c2f0e-7a55-4b9e-9d0a-5f2f6d1c3e4b"):
        token = jwt.encode({**claims, "sid": session}, key, "HS256")
        headers = {"Authorization": f"Bearer {token}"}

        app.patch_json("/api/users/me", {"first_name": "X"}, headers=headers, status=401)


@pytest.mark.parametrize("claim", ["kind", "iss", "exp", "sub", "sid", "epoch", "adm"])
def test_a_token_without_a_required_claim_is_refused(claims, key, status_of, claim):
    del claims[claim]

    assert status_of(f"Bearer {jwt.encode(claims, key, 'HS256')}") == 401


def test_a_token_with_another_signature_is_refused(claims, key, status_of):
    assert status_of(f"Bearer {jwt.encode(claims, key[::-1], 'HS256')}") == 401
    assert status_of(f"Bearer {jwt.encode(claims, key, 'HS512')}") == 401
    assert status_of(f"Bearer {jwt.encode(claims, None, 'none')}") == 401


def test_a_modified_token_is_refused(claims, key, status_of):
    head, _, signature = jwt.encode(claims, key, "HS256").split(".")
    body = jwt.encode({**claims, "adm": True}, key[::-1], "HS256").split(".")[1]

    assert status_of(f"Bearer {head}.{body}.{signature}") == 401


def nested(depth: int) -> str:
    return base64.urlsafe_b64encode(b"[" * depth).decode().rstrip("=")


@pytest.mark.parametrize(
    "header",
    [
        "",
        "Bearer",
        "Bearer ",
        "Bearer a.b.c",
        "Bearer " + "." * 1000,
        "Bearer " + "a" * 50_000,
        "Bearer \xe4\xf6\xfc.\xff.\xff",
        "Basic YW5uOnBhc3N3b3JkMTIz",
        f"Bearer {nested(1100)}.e30.e30",
        f"Bearer {nested(30_000)}.e30.e30",
    ],
)
def test_a_malformed_token_is_refused_like_an_invalid_one(runtime, status_of, header):
    assert status_of(header) == 401


def test_the_authorization_scheme_is_case_insensitive(make_user, status_of):
    user = make_user()

    assert status_of(f"bearer {user.access}") == 200
