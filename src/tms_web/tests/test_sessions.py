"""Sessions of browsers: the cookie, its rotation, and requests that other sites make."""

import threading
from http.cookies import SimpleCookie

import pytest
from sqlalchemy import text
from webtest import TestApp

from tms_core.app import configure
from tms_core.models import RefreshToken
from tms_testing.fixtures import PASSWORD

ORIGIN = "http://localhost"
URL, REFRESH = "/api/web-session", "/api/web-session/refresh"


class Tab:
    """A browser tab: sends its Origin, and shares its cookies with the tabs of the same `jar`."""

    def __init__(self, app, jar=None):
        self._app = app
        self.jar = {} if jar is None else jar

    def send(self, verb, path, body=None, *, origin=ORIGIN, site="same-origin", cookies=None, status=None):
        headers = {"Origin": origin, "Sec-Fetch-Site": site}
        # Explicit, since webtest's jar would keep the cookie from the path rules under test.
        sent = "; ".join(f"{name}={value}" for name, value in (self.jar if cookies is None else cookies).items())
        headers["Cookie"] = sent
        headers = {name: value for name, value in headers.items() if value}
        self._app.reset()
        arguments = {"headers": headers, "expect_errors": True}
        call = getattr(self._app, f"{verb}_json")
        answer = call(path, body, **arguments) if body is not None else getattr(self._app, verb)(path, **arguments)
        for line in answer.headers.getall("Set-Cookie"):
            for name, morsel in SimpleCookie(line).items():
                self.jar.pop(name, None)
                if morsel["max-age"] != "0":
                    self.jar[name] = morsel.value
        if status is not None:
            assert answer.status_int == status, answer.text
        return answer

    def sign_in(self, username="ann", password=PASSWORD, **options):
        return self.send("post", URL, {"username": username, "password": password}, **options)

    def refresh(self, **options):
        return self.send("post", REFRESH, **options)

    def sign_out(self, **options):
        return self.send("delete", URL, **options)


@pytest.fixture
def tab(app, ann):
    return Tab(app)


def refresh_cookie(answer):
    (line,) = (line for line in answer.headers.getall("Set-Cookie") if line.startswith("tms_refresh="))
    return line


def who(app, access):
    return app.get("/api/users/me", headers={"Authorization": f"Bearer {access}"}, expect_errors=True)


def test_signing_in_returns_an_access_token_and_keeps_the_refresh_token_in_a_cookie(app, tab):
    answer = tab.sign_in(status=200)

    assert answer.json.keys() == {"access", "position"}
    assert (
        answer.json["position"]
        == app.get("/api/sync", headers={"Authorization": f"Bearer {answer.json['access']}"}).json["next"]
    )
    assert who(app, answer.json["access"]).json["username"] == "ann"
    assert answer.headers["Cache-Control"] == "no-store"
    attributes = {part.strip() for part in refresh_cookie(answer).split(";")[1:]}
    assert {"HttpOnly", "SameSite=Strict", "Path=/api/web-session", "Max-Age=2592000"} <= attributes
    assert "secure" not in refresh_cookie(answer).lower()
    assert tab.jar["tms_refresh"] not in answer.text


def test_the_cookie_is_secure_where_the_public_url_is_https(ini, make_user):
    make_user("ann")
    config = configure(ini | {"tms.public_url": "https://localhost"}, web=True)

    answer = Tab(TestApp(config.make_wsgi_app())).sign_in(status=200)

    assert "; secure" in refresh_cookie(answer).lower()
    config.registry.tms.close()


def test_the_email_address_is_accepted_too(tab):
    tab.sign_in("ann@example.com", status=200)


def test_a_wrong_password_is_refused_and_sets_no_cookie(tab):
    answer = tab.sign_in(password="wrong-password", status=401)

    assert answer.content_type == "application/problem+json"
    assert "Set-Cookie" not in answer.headers


def test_wrong_passwords_share_the_limits_of_the_api(app, tab):
    for _ in range(10):
        tab.sign_in(password="wrong-password", status=401)

    assert tab.sign_in(status=429).headers["Retry-After"]
    app.reset()
    app.post_json("/api/token", {"username": "ann", "password": PASSWORD}, status=429)


def test_refreshing_rotates_the_cookie(app, tab):
    tab.sign_in()
    before = tab.jar["tms_refresh"]

    answer = tab.refresh(status=200)

    assert who(app, answer.json["access"]).status_int == 200
    assert tab.jar["tms_refresh"] != before
    assert tab.refresh(status=200).json["access"]


def test_two_tabs_that_refresh_with_the_same_cookie_get_the_same_successor(tab):
    tab.sign_in()
    shared = dict(tab.jar)
    found, ready = [], threading.Barrier(2)

    def run():
        ready.wait()
        found.append(Tab(TestApp(tab._app.app), dict(shared)))
        found[-1].refresh(status=200)

    threads = [threading.Thread(target=run) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len({one.jar["tms_refresh"] for one in found}) == 1
    found[0].refresh(status=200)


def test_an_old_cookie_after_the_grace_time_ends_the_session_and_is_cleared(app, runtime, tab):
    access = tab.sign_in().json["access"]
    stolen = dict(tab.jar)
    tab.refresh()
    with runtime.transaction() as session:
        session.execute(text("UPDATE refresh_token SET used_at = used_at - interval '11 seconds'"))

    thief = Tab(app, stolen)
    answer = thief.refresh(status=401)

    assert answer.content_type == "application/problem+json"
    assert "tms_refresh" not in thief.jar
    assert "Max-Age=0" in refresh_cookie(answer)
    assert tab.refresh(status=401).json["detail"] == "This session has ended: sign in again."
    app.app.registry.revocations.refresh(force=True)
    assert who(app, access).status_int == 401


def test_a_browser_without_a_session_gets_none(tab):
    answer = tab.refresh(status=200)

    assert answer.json == {"access": None, "position": None}
    assert "Set-Cookie" not in answer.headers


def test_signing_out_ends_the_session_and_clears_the_cookie(app, runtime, tab):
    tab.sign_in()
    kept = dict(tab.jar)

    answer = tab.sign_out(status=200)

    assert answer.json == {}
    assert "tms_refresh" not in tab.jar
    assert Tab(app, kept).refresh().status_int == 401
    assert tab.sign_out(status=200).json == {}


def test_signing_out_everywhere_ends_the_browsers_session(app, tab):
    access = tab.sign_in().json["access"]

    app.post("/api/token/revoke-all", headers={"Authorization": f"Bearer {access}"})

    tab.refresh(status=401)


FOREIGN = [
    {"origin": "https://evil.example", "site": "cross-site"},
    {"origin": "http://localhost:8000", "site": None},
    {"origin": "https://localhost", "site": None},
    {"origin": "null", "site": None},
    {"origin": ORIGIN, "site": "same-site"},
    {"origin": None, "site": "cross-site"},
    {"origin": None, "site": "none"},
    {"origin": None, "site": None},
]


@pytest.mark.parametrize("sender", FOREIGN, ids=str)
def test_requests_of_other_sites_are_forbidden_and_change_nothing(runtime, tab, sender):
    tab.sign_in()
    jar = dict(tab.jar)

    for answer in (tab.refresh(**sender), tab.sign_out(**sender), tab.sign_in(**sender)):
        assert answer.status_int == 403
        assert answer.content_type == "application/problem+json"
        assert "Set-Cookie" not in answer.headers

    assert tab.jar == jar
    with runtime.transaction() as session:
        tokens = session.query(RefreshToken).all()
        assert [token.used_at for token in tokens] == [None] * len(tokens)
        assert [token.revoked_at for token in tokens] == [None] * len(tokens)
    tab.refresh(status=200)


@pytest.mark.parametrize("sender", [{"origin": None}, {"site": None}], ids=str)
def test_one_of_both_headers_is_enough(tab, sender):
    tab.sign_in(**sender, status=200)
    tab.refresh(**sender, status=200)


def test_the_cookie_is_no_access_token(app, tab):
    tab.sign_in()

    app.get("/api/users/me", headers={"Cookie": f"tms_refresh={tab.jar['tms_refresh']}"}, status=401)


@pytest.mark.parametrize(
    ("body", "fields"),
    [({}, {"username", "password"}), ({"username": "ann", "password": "a\x00"}, {"password"})],
)
def test_a_bad_body_is_explained(tab, body, fields):
    answer = tab.send("post", URL, body, status=400)

    assert {error["field"] for error in answer.json["errors"]} == fields


def test_without_the_api_nothing_signs_in(ini):
    bare = {key: value for key, value in ini.items() if not key.startswith("tms.api.")}
    config = configure(bare | {"pyramid.includes": "tms_web"}, web=True)

    answer = Tab(TestApp(config.make_wsgi_app())).sign_in(status=501)

    assert answer.json["detail"] == "No included package offers signing in: add tms_api to pyramid.includes."
    config.registry.tms.close()
