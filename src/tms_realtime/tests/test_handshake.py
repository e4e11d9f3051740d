"""Who comes in, by what the handshake says; the door on real tokens, tickets and their Redis."""

import asyncio
import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from ipaddress import ip_network

import pytest
from sqlalchemy import create_engine

from tms_core.access_tokens import AccessClaims, AccessTokens
from tms_core.models import Status
from tms_core.personal_tokens import PersonalTokens
from tms_core.services.personal_tokens import PersonalTokenService
from tms_core.unknown_tokens import UnknownTokenLimit
from tms_realtime.auth.credentials import CredentialVerifier, RevocationsUnknownError
from tms_realtime.auth.errors import HandshakeRejectedError
from tms_realtime.auth.handshake import Authenticator, Handshake, Request
from tms_realtime.auth.tickets import LIFE as TICKET_LIFE
from tms_realtime.auth.tickets import TicketStore, issue
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
def booths():
    return []


@pytest.fixture
def authenticator(runtime, booths):
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
        booths.append(TicketStore(redis_url or runtime.core.redis))
        personal_tokens = PersonalTokens(engine or runtime.engine, LIFE)
        return Authenticator(
            settings,
            visibility,
            CredentialVerifier(TOKENS, personal_tokens, booths[-1], is_revoked),
            public_host=public_host,
        )

    return make


@pytest.fixture
def authenticate(booths):
    """Has a door decide; all requests at once where there are several doors."""

    async def all_of(doors: Sequence[Authenticator], request: Request) -> list[Handshake | BaseException]:
        found = await asyncio.gather(
            *(authenticator.authenticate(request) for authenticator in doors), return_exceptions=True
        )
        for booth in booths:
            await booth.close()
        return found

    def run(
        authenticator: Authenticator,
        headers: Mapping[str, str] = HOST,
        protocols: Sequence[str] = (),
        *,
        times=1,
        **params: str,
    ):
        request = Request({name: [value] for name, value in params.items()}, headers, protocols)
        answers = asyncio.run(all_of([authenticator] * times, request))
        if times > 1:
            return answers
        if isinstance(answers[0], BaseException):
            raise answers[0]
        return answers[0]

    return run


@pytest.fixture
def refusal(authenticate):
    def run(*args, **kwargs) -> HandshakeRejectedError:
        with pytest.raises(HandshakeRejectedError) as refused:
            authenticate(*args, **kwargs)
        return refused.value

    return run


def unknown(_claims) -> bool:
    raise RevocationsUnknownError


def test_a_token_in_the_header_opens(authenticator, authenticate):
    assert authenticate(authenticator(), bearer(token())).claims.user_id == 7


def test_a_token_among_the_sub_protocols_opens(authenticator, authenticate):
    assert authenticate(authenticator(), protocols=["tms", f"bearer.{token()}"]).claims.user_id == 7


def test_the_header_wins_over_the_sub_protocol(authenticator, authenticate):
    admission = authenticate(authenticator(), bearer(token(user_id=1)), ["tms", f"bearer.{token(user_id=2)}"])

    assert admission.claims.user_id == 1


def test_without_a_token_the_door_is_closed(authenticator, refusal):
    refused = refusal(authenticator())

    assert refused.status == 401
    assert refused.headers == (("WWW-Authenticate", "Bearer"),)


def test_without_a_token_one_comes_in_where_the_setting_says_so(authenticator, authenticate):
    assert authenticate(authenticator(anonymous=True), protocols=["tms"]).claims is None


def test_where_tasks_are_private_the_anonymous_would_see_nothing_and_stay_out(authenticator, refusal):
    assert refusal(authenticator(anonymous=True, visibility="private")).status == 401


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
def test_a_bad_token_is_refused_even_where_none_is_needed(word, anonymous, authenticator, refusal):
    refused = refusal(authenticator(anonymous=anonymous), bearer(word))

    assert refused.status == 401
    assert refused.headers == (("WWW-Authenticate", 'Bearer error="invalid_token"'),)


def test_a_bad_token_among_the_sub_protocols_is_refused_too(authenticator, refusal):
    assert refusal(authenticator(anonymous=True), protocols=["tms", "bearer.nonsense"]).status == 401


def test_a_revoked_token_is_refused(authenticator, refusal):
    assert refusal(authenticator(is_revoked=lambda claims: claims.user_id == 7), bearer(token())).status == 401


def test_while_revocations_are_unknown_a_token_has_to_wait(authenticator, refusal):
    refused = refusal(authenticator(is_revoked=unknown), bearer(token()))

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
def test_pages_connect_from_allowed_origins_only(origins, origin, may, authenticator, authenticate, refusal):
    headers = bearer(token()) | ({"origin": origin} if origin else {})

    if may:
        assert authenticate(authenticator(origins=origins), headers).claims
    else:
        assert refusal(authenticator(origins=origins), headers).status == 403


@pytest.mark.parametrize("origin", ["http://tasks.example", "null"])
def test_a_request_without_a_host_is_of_no_page(origin, authenticator, refusal):
    headers = {"origin": origin, "authorization": f"Bearer {token()}"}

    assert refusal(authenticator(), headers).status == 403


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
    origin, host, may, authenticator, authenticate, refusal
):
    production = authenticator(public_host="tms.example")
    headers = bearer(token()) | {"origin": origin, "host": host}

    if may:
        assert authenticate(production, headers).claims
    else:
        assert refusal(production, headers).status == 403


def claims(user_id: int = 7, **fields) -> AccessClaims:
    whole = {"is_admin": False, "session": "s", "epoch": 0, "expires_at": time.time() + 600} | fields
    return AccessClaims(user_id=user_id, **whole)


@pytest.fixture
def buy(runtime):
    """A ticket for whoever has these claims."""
    return lambda of=None: issue(runtime.redis, of or claims())


@pytest.mark.parametrize("scopes", [None, frozenset(), frozenset({"tasks:read", "users:read"})])
def test_a_ticket_opens_with_all_that_its_buyers_token_said(scopes, authenticator, authenticate, buy):
    bought_by = claims(is_admin=True, session="a login", epoch=3, scopes=scopes)

    assert authenticate(authenticator(), ticket=buy(bought_by)).claims == bought_by


def test_a_ticket_opens_once(authenticator, authenticate, refusal, buy):
    ticket = buy()

    authenticate(authenticator(), ticket=ticket)
    refused = refusal(authenticator(), ticket=ticket)

    assert (refused.status, refused.headers) == (401, (("WWW-Authenticate", 'Bearer error="invalid_token"'),))


def test_of_many_who_come_with_one_ticket_at_once_one_gets_in(authenticator, authenticate, buy):
    answers = authenticate(authenticator(), times=20, ticket=buy())

    assert sum(isinstance(answer, Handshake) for answer in answers) == 1


def test_a_ticket_is_good_for_thirty_seconds(runtime, authenticator, refusal, buy):
    ticket = buy()
    (key,) = runtime.redis.keys("tms:realtime:ticket:*")
    assert TICKET_LIFE == 30
    assert 0 < runtime.redis.pttl(key) <= 30_000

    # As if they had passed.
    runtime.redis.pexpire(key, 0)

    assert refusal(authenticator(), ticket=ticket).status == 401


def test_who_reads_redis_has_no_ticket(runtime, buy):
    ticket = buy().encode()

    (key,) = runtime.redis.keys("tms:realtime:ticket:*")

    assert ticket not in key + runtime.redis.get(key)


@pytest.mark.parametrize("ticket", ["", "nonsense", "x" * 10_000, "tms:realtime:ticket:*"])
def test_a_ticket_that_was_never_sold_opens_nothing_even_where_none_is_needed(ticket, authenticator, refusal, buy):
    buy()

    assert refusal(authenticator(anonymous=True), bearer(token()), ticket=ticket).status == 401


def test_a_ticket_whose_login_was_revoked_meanwhile_opens_nothing_and_is_used_up(authenticator, refusal, buy):
    ticket = buy()

    assert refusal(authenticator(is_revoked=lambda claims: claims.session == "s"), ticket=ticket).status == 401
    assert refusal(authenticator(), ticket=ticket).status == 401


def test_a_ticket_whose_token_has_expired_meanwhile_opens_nothing(authenticator, refusal, buy):
    assert refusal(authenticator(), ticket=buy(claims(expires_at=time.time() - 1))).status == 401


def test_while_redis_is_away_tickets_have_to_wait_and_tokens_do_not(authenticator, refusal, authenticate, tmp_path):
    there = f"unix://{tmp_path}/nothing"

    refused = refusal(authenticator(redis_url=there), ticket="any")

    assert (refused.status, refused.headers) == (503, (("Retry-After", "1"),))
    assert "redis" in str(refused)
    assert authenticate(authenticator(redis_url=there), bearer(token())).claims


@pytest.fixture
def make_personal_token(runtime, make_user):
    """The word of a token of a user's own, and its id."""
    user = make_user()

    def make(*scopes: str, expires_in: float | None = None, revoked: bool = False) -> tuple[str, AccessClaims]:
        with runtime.transaction() as session:
            service = PersonalTokenService(session, user.id, ["tasks:read", "tasks:write"])
            row, word = service.create("script", scopes, None)
            if expires_in is not None:
                row.expires_at = datetime.now(UTC) + timedelta(seconds=expires_in)
            if revoked:
                service.revoke(row.id)
            return word, claims(user.id, session=f"personal-{row.id}", scopes=frozenset(scopes))

    return make


@pytest.mark.parametrize("how", ["header", "sub-protocol"])
def test_a_personal_token_that_may_read_tasks_opens(how, authenticator, authenticate, make_personal_token):
    word, said = make_personal_token("tasks:read", "tasks:write")

    admission = (
        authenticate(authenticator(), bearer(word))
        if how == "header"
        else authenticate(authenticator(), protocols=["tms", f"bearer.{word}"])
    )

    assert (admission.claims.user_id, admission.claims.session) == (said.user_id, said.session)
    # One comes back with the token after that time, so that what is decided from its row is decided again.
    assert admission.claims.expires_at <= time.time() + LIFE.total_seconds()


def test_a_personal_token_that_may_not_read_tasks_is_told_which_scope_it_lacks(
    authenticator, refusal, make_personal_token
):
    word, _ = make_personal_token("tasks:write")

    refused = refusal(authenticator(anonymous=True), bearer(word))

    challenge = 'Bearer error="insufficient_scope", scope="tasks:read"'
    assert (refused.status, refused.headers) == (403, (("WWW-Authenticate", challenge),))
    assert "tasks:read" in str(refused)


@pytest.mark.parametrize("state", [{"expires_in": -1}, {"revoked": True}])
def test_a_personal_token_that_has_ended_opens_nothing(state, authenticator, refusal, make_personal_token):
    word, _ = make_personal_token("tasks:read", **state)

    assert refusal(authenticator(anonymous=True), bearer(word)).status == 401


def test_a_personal_token_that_there_is_not_opens_nothing(authenticator, refusal):
    assert refusal(authenticator(anonymous=True), bearer("tms_nonsense")).status == 401


def test_unknown_personal_tokens_are_counted_by_the_clients_network_behind_a_proxy_too(runtime, booths):
    booths.append(TicketStore(runtime.core.redis))
    personal_tokens = PersonalTokens(runtime.engine, LIFE, UnknownTokenLimit(1))
    credentials = CredentialVerifier(TOKENS, personal_tokens, booths[-1], lambda _claims: False)
    guarded = Authenticator(RealtimeSettings(anonymous=False), "team", credentials, [ip_network("10.0.0.0/8")])

    def status(client: str) -> int:
        headers = {**HOST, **bearer("tms_unknown"), "x-forwarded-for": f"192.0.2.66, {client}"}
        with pytest.raises(HandshakeRejectedError) as refused:
            asyncio.run(guarded.authenticate(Request({}, headers, peer="10.0.0.7")))
        return refused.value.status

    # A minute may end meanwhile.
    assert (status("203.0.113.9"), 429 in [status("203.0.113.9") for _ in range(3)]) == (401, True)
    assert status("198.51.100.1") == 401


def test_while_the_database_is_away_personal_tokens_have_to_wait(authenticator, refusal):
    away = create_engine("postgresql+psycopg2://nobody@127.0.0.1:1/nothing")

    refused = refusal(authenticator(engine=away), bearer("tms_something"))

    assert (refused.status, refused.headers) == (503, (("Retry-After", "1"),))


@pytest.mark.parametrize(("word", "since"), [("0", 0), ("4711", 4711), ("007", 7), (str(2**63 - 1), 2**63 - 1)])
def test_one_says_where_one_was(word, since, authenticator, authenticate):
    assert authenticate(authenticator(anonymous=True), since=word).since == since


def test_who_does_not_say_where_it_was_wants_no_past(authenticator, authenticate):
    admission = authenticate(authenticator(anonymous=True))

    assert (admission.since, admission.filter) == (None, None)


@pytest.mark.parametrize(
    "wish",
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
def test_a_bad_wish_is_named_before_the_ticket_is_used_up(wish, authenticator, authenticate, refusal, buy):
    ticket = buy()
    (name,) = wish

    refused = refusal(authenticator(), ticket=ticket, **wish)

    assert (refused.status, name in str(refused)) == (400, True)
    assert len(str(refused)) < 300
    assert authenticate(authenticator(), ticket=ticket).claims


def test_the_words_of_the_address_are_a_filter_in_which_me_is_who_comes(authenticator, authenticate):
    admission = authenticate(authenticator(), bearer(token(user_id=7)), assigned_to="me,none", status="PENDING")

    assert admission.filter.assigned_to == {7, None}
    assert admission.filter.status == {Status.PENDING}


def test_who_is_anonymous_is_not_me(authenticator, refusal):
    refused = refusal(authenticator(anonymous=True), assigned_to="me")

    assert (refused.status, "assigned_to" in str(refused)) == (400, True)


def test_a_page_that_may_not_connect_uses_up_no_ticket(authenticator, authenticate, refusal, buy):
    ticket = buy()

    assert refusal(authenticator(), HOST | {"origin": "http://evil.example"}, ticket=ticket).status == 403
    assert authenticate(authenticator(), ticket=ticket).claims
