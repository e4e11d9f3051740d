"""The first start: the link of `tms up`, and the administrator's account that it creates once."""

import threading

import pytest
from webtest import TestApp

from tms_core.models import User
from tms_testing.fixtures import PASSWORD
from tms_web.banner import first_start
from tms_web.models import FirstStart

URL = "/api/web-session/first-account"
HEADERS = {"Origin": "http://localhost", "Sec-Fetch-Site": "same-origin"}
ACCOUNT = {"username": "root", "email": "root@example.com", "password": PASSWORD}


def code_of(link: str) -> str:
    return link.partition("#code=")[2]


@pytest.fixture
def code(runtime) -> str:
    return code_of(first_start(runtime) or "")


@pytest.fixture
def create(app):
    """Return a function that creates the first account, as another browser each time."""

    def send(code, status=None, **fields):
        app.reset()
        answer = app.post_json(URL, {"code": code, **ACCOUNT, **fields}, headers=HEADERS, expect_errors=True)
        assert status is None or answer.status_int == status, answer.text
        return answer

    return send


def test_the_link_creates_an_administrator_who_is_signed_in(app, create, code):
    answer = create(code, 201, first_name="Ada")

    access = answer.json["access"]
    me = app.get("/api/users/me", headers={"Authorization": f"Bearer {access}"}).json
    assert (me["username"], me["first_name"], me["is_admin"], me["email_verified"]) == ("root", "Ada", True, True)
    assert app.post(f"{URL.rpartition('/')[0]}/refresh", headers=HEADERS).json["access"]
    app.post_json("/api/token", {"username": "root", "password": PASSWORD}, status=200)


def test_the_link_works_once(create, code, runtime):
    create(code, 201)

    answer = create(code, 403, username="other", email="other@example.com")

    assert answer.json["detail"] == "This link has been used, or a newer one exists: tms up prints the newest."
    with runtime.transaction() as session:
        assert session.query(User).count() == 1
        assert session.query(FirstStart).count() == 0


def test_two_at_once_create_one_account(app, code, runtime):
    found, ready = [], threading.Barrier(2)

    def run(name):
        ready.wait()
        body = {"code": code, **ACCOUNT, "username": name, "email": f"{name}@example.com"}
        found.append(TestApp(app.app).post_json(URL, body, headers=HEADERS, expect_errors=True).status_int)

    threads = [threading.Thread(target=run, args=(name,)) for name in ("one", "two")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(found) == [201, 403]
    with runtime.transaction() as session:
        assert session.query(User).count() == 1


@pytest.mark.parametrize("wrong", ["", "x", "é"])
def test_a_wrong_code_creates_nothing(create, code, runtime, wrong):
    create(wrong, 403)

    with runtime.transaction() as session:
        assert session.query(User).count() == 0
    create(code, 201)


def test_a_mistake_in_the_form_leaves_the_link_valid(create, code):
    answer = create(code, 400, password="short", email="nowhere")

    assert {error["field"] for error in answer.json["errors"]} == {"password", "email"}
    create(code, 201)


def test_the_newest_link_replaces_the_others(create, code, runtime):
    newer = code_of(first_start(runtime))

    create(code, 403)
    create(newer, 201)


def test_there_is_no_link_once_there_is_an_administrator(create, code, runtime, make_user):
    make_user("boss", is_admin=True)

    assert first_start(runtime) is None
    assert create(code, 409).json["detail"] == "There is an administrator already: sign in."


def test_ordinary_users_do_not_stop_the_first_start(create, code, ann):
    create(code, 201)


def test_the_code_is_stored_as_a_hash(code, runtime):
    with runtime.transaction() as session:
        assert code.encode() not in session.query(FirstStart).one().digest


def test_pages_of_other_sites_cannot_use_the_link(app, code):
    app.post_json(URL, {"code": code, **ACCOUNT}, headers={"Origin": "https://evil.example"}, status=403)


def test_the_link_leads_to_a_page_and_keeps_the_code_out_of_logs(app, runtime):
    link = first_start(runtime)

    assert link.startswith("http://localhost:8000/first-start#code=")
    assert app.get("/first-start").content_type == "text/html"
