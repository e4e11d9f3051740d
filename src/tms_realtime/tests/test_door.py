"""Who comes in, by what the handshake says; the door on real tokens, tickets and their Redis."""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import timedelta

import pytest

from tms_core.access_tokens import AccessTokens
from tms_core.personal_tokens import PersonalTokens
from tms_realtime.door.admission import Admission, Door, Request
from tms_realtime.door.identity import Identification, RevocationsUnknownError
from tms_realtime.door.refusal import RefusedError
from tms_realtime.door.tickets import TicketBooth
from tms_realtime.settings import RealtimeSettings

KEY = "0123456789abcdefghijklmnopqrstuvwxyz"
LIFE = timedelta(minutes=10)
TOKENS = AccessTokens(KEY, LIFE)
HOST = {"host": "tasks.example:8001"}


def token(tokens: AccessTokens = TOKENS, user_id: int = 7) -> str:
    return tokens.create(user_id=user_id, is_admin=False, session="s", epoch=0)


def bearer(word: str) -> dict[str, str]:
    return HOST | {"authorization": f"Bearer {word}"}


@pytest.fixture
def door(runtime):
    def make(*, anonymous=False, origins=(), visibility="team", is_revoked=lambda _claims: False) -> Door:
        settings = RealtimeSettings(anonymous=anonymous, origins=origins)
        tickets = TicketBooth(runtime.core.redis)
        identification = Identification(TOKENS, PersonalTokens(runtime.engine, LIFE), tickets, is_revoked)
        return Door(settings, visibility, identification)

    return make


def admit(
    door: Door,
    headers: Mapping[str, str] = HOST,
    protocols: Sequence[str] = (),
    **params: str,
) -> Admission:
    return asyncio.run(door.admit(Request({name: [value] for name, value in params.items()}, headers, protocols)))


def refusal(*args, **kwargs) -> RefusedError:
    with pytest.raises(RefusedError) as refused:
        admit(*args, **kwargs)
    return refused.value


def unknown(_claims) -> bool:
    raise RevocationsUnknownError


def test_a_token_in_the_header_opens(door):
    assert admit(door(), bearer(token())).claims.user_id == 7


def test_a_token_among_the_sub_protocols_opens(door):
    assert admit(door(), protocols=["tms", f"bearer.{token()}"]).claims.user_id == 7


def test_the_header_wins_over_the_sub_protocol(door):
    admission = admit(door(), bearer(token(user_id=1)), ["tms", f"bearer.{token(user_id=2)}"])

    assert admission.claims.user_id == 1


def test_without_a_token_the_door_is_closed(door):
    refused = refusal(door())

    assert refused.status == 401
    assert refused.headers == (("WWW-Authenticate", "Bearer"),)


def test_without_a_token_one_comes_in_where_the_setting_says_so(door):
    assert admit(door(anonymous=True), protocols=["tms"]).claims is None


def test_where_tasks_are_private_the_anonymous_would_see_nothing_and_stay_out(door):
    assert refusal(door(anonymous=True, visibility="private")).status == 401


@pytest.mark.parametrize(
    "word",
    [
        "",
        "nonsense",
        token(AccessTokens("another-key-another-key-another-key-1", LIFE)),
        token(AccessTokens(KEY, timedelta(seconds=-1))),
    ],
    ids=["empty", "malformed", "foreign", "expired"],
)
@pytest.mark.parametrize("anonymous", [True, False])
def test_a_bad_token_is_refused_even_where_none_is_needed(word, anonymous, door):
    refused = refusal(door(anonymous=anonymous), bearer(word))

    assert refused.status == 401
    assert refused.headers == (("WWW-Authenticate", 'Bearer error="invalid_token"'),)


def test_a_bad_token_among_the_sub_protocols_is_refused_too(door):
    assert refusal(door(anonymous=True), protocols=["tms", "bearer.nonsense"]).status == 401


def test_a_revoked_token_is_refused(door):
    assert refusal(door(is_revoked=lambda claims: claims.user_id == 7), bearer(token())).status == 401


def test_while_revocations_are_unknown_a_token_has_to_wait(door):
    refused = refusal(door(is_revoked=unknown), bearer(token()))

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
        (("https://app.example/",), "https://app.example", True),
        (("https://app.example",), None, True),
        (("https://app.example",), "http://app.example", False),
        (("https://app.example",), "https://app.example:444", False),
        (("https://app.example",), "http://tasks.example:8000", False),
        (("https://app.example", "null"), "null", True),
        (("*",), "http://evil.example", True),
        (("*",), "null", True),
    ],
)
def test_pages_connect_from_allowed_origins_only(origins, origin, may, door):
    headers = bearer(token()) | ({"origin": origin} if origin else {})

    if may:
        assert admit(door(origins=origins), headers).claims
    else:
        assert refusal(door(origins=origins), headers).status == 403


@pytest.mark.parametrize("origin", ["http://tasks.example", "null"])
def test_a_request_without_a_host_is_of_no_page(origin, door):
    headers = {"origin": origin, "authorization": f"Bearer {token()}"}

    assert refusal(door(), headers).status == 403
