"""Authentication of handshakes, with real tokens, tickets and Redis."""

import asyncio
import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from ipaddress import ip_network

import pytest
from sqlalchemy import create_engine

from tms_core.auth.access_tokens import AccessClaims, AccessTokens
from tms_core.auth.personal_tokens import PersonalTokens
from tms_core.auth.unknown_tokens import UnknownTokenLimit
from tms_core.models import Status
from tms_core.services.personal_tokens import PersonalTokenService
from tms_realtime.auth.credentials import CredentialVerifier, RevocationsUnknownError
from tms_realtime.auth.errors import HandshakeRejectedError
from tms_realtime.auth.handshake import Authenticator, Handshake, HandshakeRequest
from tms_realtime.auth.tickets import LIFE as TICKET_LIFE
from tms_realtime.auth.tickets import TicketStore, issue
from tms_realtime.settings import RealtimeSettings

KEY = "0123456789abcdefghijklmnopqrstuvwxyz"
LIFE = timedelta(minutes=10)
TOKENS = AccessTokens(KEY, LIFE)
HOST = {"host": "tasks.example:8001"}


def token(tokens: AccessTokens = TOKENS, user_id: int = 7) -> str:
    return tokens.create(user_id=user_id, is_admin=False, session="s", epoch=0)


def bearer(value: str) -> dict[str, str]:
    return HOST | {"authorization": f"Bearer {value}"}


@pytest.fixture
def ticket_stores():
    return []


@pytest.fixture
def authenticator(runtime, ticket_stores):
    def make(
        *,
        anonymous=False,
        origins=(),
        visibility="team",
        is_revoked=lambda _claims: False,
        redis_url=None,
        engine=None,
        public_host=None,
    ) -> Authenticator:
        settings = RealtimeSettings(anonymous=anonymous, origins=origins)
        ticket_stores.append(TicketStore(redis_url or runtime.core.redis))
        personal_tokens = PersonalTokens(engine or runtime.engine, LIFE)
        return Authenticator(
            settings,
            visibility,
            CredentialVerifier(TOKENS, personal_tokens, ticket_stores[-1], is_revoked),
            public_host=public_host,
        )

    return make


@pytest.fixture
def authenticate(ticket_stores):
    """Runs `authenticate`; several times at once with `times`."""

    async def all_of(
        authenticators: Sequence[Authenticator], request: HandshakeRequest
    ) -> list[Handshake | BaseException]:
        found = await asyncio.gather(
            *(authenticator.authenticate(request) for authenticator in authenticators), return_exceptions=True
        )
        for ticket_store in ticket_stores:
            await ticket_store.close()
        return found

    def run(
        authenticator: Authenticator,
        headers: Mapping[str, str] = HOST,
        protocols: Sequence[str] = (),
        *,
        times=1,
        **params: str,
    ):
        request = HandshakeRequest({name: [value] for name, value in params.items()}, headers, protocols)
        answers = asyncio.run(all_of([authenticator] * times, request))
        if times > 1:
            return answers
        if isinstance(answers[0], BaseException):
            raise answers[0]
        return answers[0]

    return run


@pytest.fixture
def rejected(authenticate):
    def run(*args, **kwargs) -> HandshakeRejectedError:
        with pytest.raises(HandshakeRejectedError) as rejection:
            authenticate(*args, **kwargs)
        error = rejection.value
        assert error.code.status == error.status
        assert {*error.params} == {*error.code.params}
        return error

    return run


def unknown(_claims) -> bool:
    raise RevocationsUnknownError


def test_a_token_in_the_header_is_accepted(authenticator, authenticate):
    assert authenticate(authenticator(), bearer(token())).claims.user_id == 7


def test_a_token_in_the_sub_protocols_is_accepted(authenticator, authenticate):
    assert authenticate(authenticator(), protocols=["tms", f"bearer.{token()}"]).claims.user_id == 7


def test_the_header_wins_over_the_sub_protocol(authenticator, authenticate):
    handshake = authenticate(authenticator(), bearer(token(user_id=1)), ["tms", f"bearer.{token(user_id=2)}"])

    assert handshake.claims.user_id == 1


def test_a_handshake_without_a_token_is_rejected(authenticator, rejected):
    rejection = rejected(authenticator())

    assert rejection.status == 401
    assert rejection.headers == (("WWW-Authenticate", "Bearer"),)


def test_anonymous_clients_are_accepted_if_the_setting_allows_it(authenticator, authenticate):
    assert authenticate(authenticator(anonymous=True), protocols=["tms"]).claims is None


def test_anonymous_clients_are_rejected_if_tasks_are_private(authenticator, rejected):
    assert rejected(authenticator(anonymous=True, visibility="private")).status == 401


@pytest.mark.parametrize(
    "value",
    [
        "",
        "nonsense",
        token(AccessTokens("another-key-another-key-another-key-1", LIFE)),
        token(AccessTokens(KEY, timedelta(seconds=-1))),
    ],
    ids=["empty", "malformed", "foreign", "expired"],
)
@pytest.mark.parametrize("anonymous", [True, False])
def test_an_invalid_token_is_rejected_even_if_none_is_required(value, anonymous, authenticator, rejected):
    rejection = rejected(authenticator(anonymous=anonymous), bearer(value))

    assert rejection.status == 401
    assert rejection.headers == (("WWW-Authenticate", 'Bearer error="invalid_token"'),)


def test_an_invalid_token_in_the_sub_protocols_is_rejected(authenticator, rejected):
    assert rejected(authenticator(anonymous=True), protocols=["tms", "bearer.nonsense"]).status == 401


def test_a_revoked_token_is_rejected(authenticator, rejected):
    assert rejected(authenticator(is_revoked=lambda claims: claims.user_id == 7), bearer(token())).status == 401


def test_tokens_are_rejected_with_503_while_revocations_are_unknown(authenticator, rejected):
    rejection = rejected(authenticator(is_revoked=unknown), bearer(token()))

    assert rejection.status == 503
    assert rejection.headers == (("Retry-After", "1"),)


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
def test_pages_connect_from_allowed_origins_only(origins, origin, may, authenticator, authenticate, rejected):
    headers = bearer(token()) | ({"origin": origin} if origin else {})

    if may:
        assert authenticate(authenticator(origins=origins), headers).claims
    else:
        assert rejected(authenticator(origins=origins), headers).status == 403


@pytest.mark.parametrize("origin", ["http://tasks.example", "null"])
def test_a_request_without_a_host_has_no_allowed_origin(origin, authenticator, rejected):
    headers = {"origin": origin, "authorization": f"Bearer {token()}"}

    assert rejected(authenticator(), headers).status == 403


@pytest.mark.parametrize(
    ("origin", "host", "may"),
    [
        ("https://tms.example", "127.0.0.1:8001", True),
        ("https://tms.example:8443", "tms.example", True),
        ("https://evil.example", "evil.example", False),
        ("http://tasks.example:8000", "tasks.example:8001", False),
    ],
)
def test_pages_of_the_public_host_connect_whatever_host_a_request_names(
    origin, host, may, authenticator, authenticate, rejected
):
    production = authenticator(public_host="tms.example")
    headers = bearer(token()) | {"origin": origin, "host": host}

    if may:
        assert authenticate(production, headers).claims
    else:
        assert rejected(production, headers).status == 403


def claims(user_id: int = 7, **fields) -> AccessClaims:
    whole = {"is_admin": False, "session": "s", "epoch": 0, "expires_at": time.time() + 600} | fields
    return AccessClaims(user_id=user_id, **whole)


@pytest.fixture
def issue_ticket(runtime):
    """Issues a ticket for claims."""
    return lambda of=None: issue(runtime.redis, of or claims())


@pytest.mark.parametrize("scopes", [None, frozenset(), frozenset({"tasks:read", "users:read"})])
def test_a_ticket_has_all_claims_of_its_token(scopes, authenticator, authenticate, issue_ticket):
    bought_by = claims(is_admin=True, session="a session", epoch=3, scopes=scopes)

    assert authenticate(authenticator(), ticket=issue_ticket(bought_by)).claims == bought_by


def test_a_ticket_is_accepted_once(authenticator, authenticate, rejected, issue_ticket):
    ticket = issue_ticket()

    authenticate(authenticator(), ticket=ticket)
    rejection = rejected(authenticator(), ticket=ticket)

    assert (rejection.status, rejection.headers) == (401, (("WWW-Authenticate", 'Bearer error="invalid_token"'),))


def test_one_of_many_concurrent_uses_of_a_ticket_is_accepted(authenticator, authenticate, issue_ticket):
    answers = authenticate(authenticator(), times=20, ticket=issue_ticket())

    assert sum(isinstance(answer, Handshake) for answer in answers) == 1


def test_a_ticket_is_valid_for_thirty_seconds(runtime, authenticator, rejected, issue_ticket):
    ticket = issue_ticket()
    (key,) = runtime.redis.keys("tms:realtime:ticket:*")
    assert TICKET_LIFE == 30
    assert 0 < runtime.redis.pttl(key) <= 30_000

    # As if the time had passed.
    runtime.redis.pexpire(key, 0)

    assert rejected(authenticator(), ticket=ticket).status == 401


def test_tickets_cannot_be_read_from_redis(runtime, issue_ticket):
    ticket = issue_ticket().encode()

    (key,) = runtime.redis.keys("tms:realtime:ticket:*")

    assert ticket not in key + runtime.redis.get(key)


@pytest.mark.parametrize("ticket", ["", "nonsense", "x" * 10_000, "tms:realtime:ticket:*"])
def test_an_unknown_ticket_is_rejected_even_if_none_is_required(ticket, authenticator, rejected, issue_ticket):
    issue_ticket()

    assert rejected(authenticator(anonymous=True), bearer(token()), ticket=ticket).status == 401


def test_a_ticket_of_a_revoked_session_is_rejected_and_used_up(authenticator, rejected, issue_ticket):
    ticket = issue_ticket()

    assert rejected(authenticator(is_revoked=lambda claims: claims.session == "s"), ticket=ticket).status == 401
    assert rejected(authenticator(), ticket=ticket).status == 401


def test_a_ticket_of_an_expired_token_is_rejected(authenticator, rejected, issue_ticket):
    assert rejected(authenticator(), ticket=issue_ticket(claims(expires_at=time.time() - 1))).status == 401


def test_tickets_are_rejected_with_503_while_redis_is_down_and_tokens_are_accepted(
    authenticator, rejected, authenticate, tmp_path
):
    there = f"unix://{tmp_path}/nothing"

    rejection = rejected(authenticator(redis_url=there), ticket="any")

    assert (rejection.status, rejection.headers) == (503, (("Retry-After", "1"),))
    assert "redis" in str(rejection)
    assert authenticate(authenticator(redis_url=there), bearer(token())).claims


@pytest.fixture
def make_personal_token(runtime, make_user):
    """Creates a personal token; returns the token and its id."""
    user = make_user()

    def make(*scopes: str, expires_in: float | None = None, revoked: bool = False) -> tuple[str, AccessClaims]:
        with runtime.transaction() as session:
            service = PersonalTokenService(session, user.id, ["tasks:read", "tasks:write"])
            row, value = service.create("script", scopes, None)
            if expires_in is not None:
                row.expires_at = datetime.now(UTC) + timedelta(seconds=expires_in)
            if revoked:
                service.revoke(row.id)
            return value, claims(user.id, session=f"personal-{row.id}", scopes=frozenset(scopes))

    return make


@pytest.mark.parametrize("how", ["header", "sub-protocol"])
def test_a_personal_token_with_the_scope_is_accepted(how, authenticator, authenticate, make_personal_token):
    value, claims_of_token = make_personal_token("tasks:read", "tasks:write")

    handshake = (
        authenticate(authenticator(), bearer(value))
        if how == "header"
        else authenticate(authenticator(), protocols=["tms", f"bearer.{value}"])
    )

    assert (handshake.claims.user_id, handshake.claims.session) == (claims_of_token.user_id, claims_of_token.session)
    # A connection ends after the life of an access token, so that the token is checked again on the next one.
    assert handshake.claims.expires_at <= time.time() + LIFE.total_seconds()


def test_a_personal_token_without_the_scope_is_rejected_with_its_name(authenticator, rejected, make_personal_token):
    value, _ = make_personal_token("tasks:write")

    rejection = rejected(authenticator(anonymous=True), bearer(value))

    challenge = 'Bearer error="insufficient_scope", scope="tasks:read"'
    assert (rejection.status, rejection.headers) == (403, (("WWW-Authenticate", challenge),))
    assert "tasks:read" in str(rejection)


@pytest.mark.parametrize("state", [{"expires_in": -1}, {"revoked": True}])
def test_an_ended_personal_token_is_rejected(state, authenticator, rejected, make_personal_token):
    value, _ = make_personal_token("tasks:read", **state)

    assert rejected(authenticator(anonymous=True), bearer(value)).status == 401


def test_an_unknown_personal_token_is_rejected(authenticator, rejected):
    assert rejected(authenticator(anonymous=True), bearer("tms_nonsense")).status == 401


def test_unknown_personal_tokens_are_counted_by_the_clients_network_behind_a_proxy_too(runtime, ticket_stores):
    ticket_stores.append(TicketStore(runtime.core.redis))
    personal_tokens = PersonalTokens(runtime.engine, LIFE, UnknownTokenLimit(1))
    credentials = CredentialVerifier(TOKENS, personal_tokens, ticket_stores[-1], lambda _claims: False)
    guarded = Authenticator(RealtimeSettings(anonymous=False), "team", credentials, [ip_network("10.0.0.0/8")])

    def status(client: str) -> int:
        headers = {**HOST, **bearer("tms_unknown"), "x-forwarded-for": f"192.0.2.66, {client}"}
        with pytest.raises(HandshakeRejectedError) as rejection:
            asyncio.run(guarded.authenticate(HandshakeRequest({}, headers, peer="10.0.0.7")))
        return rejection.value.status

    # A minute may end meanwhile.
    assert (status("203.0.113.9"), 429 in [status("203.0.113.9") for _ in range(3)]) == (401, True)
    assert status("198.51.100.1") == 401


def test_personal_tokens_are_rejected_with_503_while_the_database_is_down(authenticator, rejected):
    away = create_engine("postgresql+psycopg2://nobody@127.0.0.1:1/nothing")

    rejection = rejected(authenticator(engine=away), bearer("tms_something"))

    assert (rejection.status, rejection.headers) == (503, (("Retry-After", "1"),))


@pytest.mark.parametrize(("value", "since"), [("0", 0), ("4711", 4711), ("007", 7), (str(2**63 - 1), 2**63 - 1)])
def test_since_is_the_position_to_resume_from(value, since, authenticator, authenticate):
    assert authenticate(authenticator(anonymous=True), since=value).since == since


def test_a_handshake_without_since_has_no_replay(authenticator, authenticate):
    handshake = authenticate(authenticator(anonymous=True))

    assert (handshake.since, handshake.filter) == (None, None)


@pytest.mark.parametrize(
    "parameters",
    [
        {"since": ""},
        {"since": "-1"},
        {"asigned_to": "me"},
        {"q": "fence"},
        {"since": "1.0"},
        {"since": "x"},
        {"since": "٣"},
        {"since": str(2**63)},
        {"since": "0" * 20 + "9" * 9000},
        {"status": "DONE"},
        {"priority": ""},
        {"assigned_to": "ann"},
        {"created_by": "9" * 9000},
        {"due_date": "2025-02-30"},
        {"due_date_lte": "soon"},
    ],
)
def test_invalid_parameters_are_rejected_before_the_ticket_is_used_up(
    parameters, authenticator, authenticate, rejected, issue_ticket
):
    ticket = issue_ticket()
    (name,) = parameters

    rejection = rejected(authenticator(), ticket=ticket, **parameters)

    assert (rejection.status, name in str(rejection)) == (400, True)
    assert len(str(rejection)) < 300
    assert authenticate(authenticator(), ticket=ticket).claims


def test_query_parameters_are_a_filter_in_which_me_is_the_user(authenticator, authenticate):
    handshake = authenticate(authenticator(), bearer(token(user_id=7)), assigned_to="me,none", status="PENDING")

    assert handshake.filter.assigned_to == {7, None}
    assert handshake.filter.status == {Status.PENDING}


def test_an_anonymous_client_cannot_use_me(authenticator, rejected):
    rejection = rejected(authenticator(anonymous=True), assigned_to="me")

    assert (rejection.status, "assigned_to" in str(rejection)) == (400, True)


def test_a_rejected_origin_uses_up_no_ticket(authenticator, authenticate, rejected, issue_ticket):
    ticket = issue_ticket()

    assert rejected(authenticator(), HOST | {"origin": "http://evil.example"}, ticket=ticket).status == 403
    assert authenticate(authenticator(), ticket=ticket).claims
