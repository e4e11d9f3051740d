import pytest
from sqlalchemy import select

from tms_core.models import RefreshToken, User
from tms_testing.fixtures import PASSWORD


@pytest.mark.parametrize("name", ["ann", "ANN", "ann@example.com", "Ann@Example.COM"])
def test_a_user_signs_in_by_name_or_address_in_any_case(app, ann, name):
    pair = app.post_json("/api/token/", {"username": name, "password": PASSWORD}, status=200).json

    assert set(pair) == {"access", "refresh"}
    me = app.get("/api/users/me", headers={"Authorization": f"Bearer {pair['access']}"}).json
    assert me["id"] == ann.id


def test_responses_with_tokens_are_not_cacheable(app, ann):
    response = app.post_json("/api/token", {"username": "ann", "password": PASSWORD})

    assert response.headers["Cache-Control"] == "no-store"


def test_every_refused_sign_in_answers_the_same(app, ann, make_user, client_of, problem):
    make_user("idle", is_active=False)
    gone = make_user("gone")
    client_of(gone).delete(f"/api/users/{gone.id}")

    answers = [
        app.post_json("/api/token", {"username": name, "password": password}, status=401)
        for name, password in (
            ("ann", PASSWORD.upper()),
            ("nobody", PASSWORD),
            ("nobody@example.com", PASSWORD),
            ("idle", PASSWORD),
            ("gone", PASSWORD),
            ("gone@example.com", PASSWORD),
            ("", ""),
        )
    ]

    documents = [{**problem(answer), "request_id": ""} for answer in answers]
    assert documents == [documents[0]] * len(documents)
    assert {answer.headers["WWW-Authenticate"] for answer in answers} == {"Bearer"}


def test_signing_in_accepts_the_body_of_the_registration(app, runtime):
    body = {
        "username": "eve",
        "email": "eve@example.com",
        "password": PASSWORD,
        "first_name": "Eve",
        "last_name": "Lee",
    }
    app.post_json("/api/users/", body, status=201)

    assert app.post_json("/api/token/", body, status=200).json["access"]


def test_a_sign_in_without_name_and_password_names_both(app, faulty_fields):
    answer = app.post_json("/api/token", {}, status=400)

    assert faulty_fields(answer) == ["password", "username"]


def test_neither_password_nor_refresh_token_is_stored(app, ann, runtime):
    pair = app.post_json("/api/token", {"username": "ann", "password": PASSWORD}).json

    with runtime.transaction() as session:
        user = session.get(User, ann.id)
        digests = session.scalars(select(RefreshToken.digest)).all()

    assert user.password_hash.startswith("$argon2id$")
    assert all(len(digest) == 32 and pair["refresh"].encode() not in digest for digest in digests)
