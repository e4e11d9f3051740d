from datetime import timedelta

import pytest

from tms_core.access_tokens import AccessTokens
from tms_realtime.handshake import Door, RefusedError, RevocationsUnknownError
from tms_realtime.settings import RealtimeSettings

KEY = "0123456789abcdefghijklmnopqrstuvwxyz"
TOKENS = AccessTokens(KEY, timedelta(minutes=10))
HOST = {"host": "tasks.example:8001"}


def token(tokens: AccessTokens = TOKENS, user_id: int = 7) -> str:
    return tokens.create(user_id=user_id, is_admin=False, session="s", epoch=0)


def bearer(word: str) -> dict[str, str]:
    return HOST | {"authorization": f"Bearer {word}"}


def door(*, anonymous=False, origins=(), visibility="team", is_revoked=lambda _claims: False) -> Door:
    settings = RealtimeSettings(anonymous=anonymous, origins=origins)
    return Door(settings, visibility, TOKENS, is_revoked)


def refusal(door: Door, path="/ws/tasks/", headers=HOST, protocols=()) -> RefusedError:
    with pytest.raises(RefusedError) as refused:
        door.admit(path, headers, protocols)
    return refused.value


def unknown(_claims) -> bool:
    raise RevocationsUnknownError


@pytest.mark.parametrize("path", ["/ws/tasks/", "/ws/tasks"])
def test_a_token_in_the_header_opens(path):
    admission = door().admit(path, bearer(token()), [])

    assert admission.claims.user_id == 7
    assert admission.protocol is None


def test_a_token_among_the_sub_protocols_opens_and_is_not_sent_back():
    admission = door().admit("/ws/tasks/", HOST, ["tms", f"bearer.{token()}"])

    assert admission.claims.user_id == 7
    assert admission.protocol == "tms"


def test_the_header_wins_over_the_sub_protocol():
    admission = door().admit("/ws/tasks/", bearer(token(user_id=1)), ["tms", f"bearer.{token(user_id=2)}"])

    assert admission.claims.user_id == 1


@pytest.mark.parametrize("path", ["/", "/ws/tasks/1", "/ws/tasks//", "/WS/tasks/", "/ws", "//ws/tasks/"])
def test_elsewhere_there_is_nothing(path):
    assert refusal(door(anonymous=True), path).status == 404


def test_without_a_token_the_door_is_closed():
    refused = refusal(door())

    assert refused.status == 401
    assert refused.headers == (("WWW-Authenticate", "Bearer"),)


def test_without_a_token_one_comes_in_where_the_setting_says_so():
    admission = door(anonymous=True).admit("/ws/tasks/", HOST, ["tms"])

    assert admission.claims is None
    assert admission.protocol == "tms"


def test_where_tasks_are_private_the_anonymous_would_see_nothing_and_stay_out():
    assert refusal(door(anonymous=True, visibility="private")).status == 401


@pytest.mark.parametrize(
    "word",
    [
        "",
        "nonsense",
        token(AccessTokens("another-key-another-key-another-key-1", timedelta(minutes=10))),
        token(AccessTokens(KEY, timedelta(seconds=-1))),
    ],
    ids=["empty", "malformed", "foreign", "expired"],
)
@pytest.mark.parametrize("anonymous", [True, False])
def test_a_bad_token_is_refused_even_where_none_is_needed(word, anonymous):
    refused = refusal(door(anonymous=anonymous), headers=bearer(word))

    assert refused.status == 401
    assert refused.headers == (("WWW-Authenticate", 'Bearer error="invalid_token"'),)


def test_a_bad_token_among_the_sub_protocols_is_refused_too():
    assert refusal(door(anonymous=True), protocols=["tms", "bearer.nonsense"]).status == 401


def test_a_revoked_token_is_refused():
    assert refusal(door(is_revoked=lambda claims: claims.user_id == 7), headers=bearer(token())).status == 401


def test_while_revocations_are_unknown_a_token_has_to_wait():
    refused = refusal(door(is_revoked=unknown), headers=bearer(token()))

    assert refused.status == 503
    assert refused.headers == (("Retry-After", "1"),)


@pytest.mark.parametrize(
    ("origins", "origin", "may"),
    [
        ((), None, True),
        ((), "http://tasks.example:8000", True),
        ((), "https://TASKS.example", True),
        ((), "http://evil.example", False),
        ((), "http://tasks.example.evil.example", False),
        ((), "null", False),
        ((), "http://[", False),
        (("https://app.example",), "https://app.example", True),
        (("https://app.example",), "https://APP.example", True),
        (("https://app.example",), None, True),
        (("https://app.example",), "http://app.example", False),
        (("https://app.example",), "https://app.example:444", False),
        (("https://app.example",), "http://tasks.example:8000", False),
        (("https://app.example", "null"), "null", True),
        (("*",), "http://evil.example", True),
        (("*",), "null", True),
    ],
)
def test_pages_connect_from_allowed_origins_only(origins, origin, may):
    headers = bearer(token()) | ({"origin": origin} if origin else {})

    if may:
        assert door(origins=origins).admit("/ws/tasks/", headers, []).claims
    else:
        assert refusal(door(origins=origins), headers=headers).status == 403


@pytest.mark.parametrize("origin", ["http://tasks.example", "null"])
def test_a_request_without_a_host_is_of_no_page(origin):
    headers = {"origin": origin, "authorization": f"Bearer {token()}"}

    assert refusal(door(), headers=headers).status == 403
