import pytest

from tms_testing.fixtures import PASSWORD, Client


@pytest.fixture
def registration():
    """The body of a registration."""
    return {
        "username": "ann",
        "email": "ann@example.com",
        "password": PASSWORD,
        "first_name": "Ann",
        "last_name": "Lee",
    }


def test_registering_returns_the_account(app, registration):
    answer = app.post_json("/api/users/", registration, status=201)

    assert answer.json == {
        "id": 1,
        "username": "ann",
        "email": "ann@example.com",
        "first_name": "Ann",
        "last_name": "Lee",
    }
    assert answer.headers["Location"].endswith("/api/users/1")


def test_names_are_optional(app, registration):
    del registration["first_name"], registration["last_name"]

    answer = app.post_json("/api/users", registration, status=201).json

    assert (answer["first_name"], answer["last_name"]) == ("", "")


def test_a_new_account_can_sign_in(app, registration):
    app.post_json("/api/users", registration)

    assert app.post_json("/api/token", {"username": "ann", "password": PASSWORD}, status=200)


def test_no_response_contains_the_password(app, registration, admin):
    answers = [app.post_json("/api/users", registration)]
    answers.append(app.post_json("/api/users", registration, status=409))
    answers.append(app.post_json("/api/users", {**registration, "email": 1}, status=400))
    answers.append(app.post_json("/api/token", {"username": "ann", "password": PASSWORD}))
    user_id = answers[0].json["id"]
    answers += [admin.get("/api/users"), admin.get(f"/api/users/{user_id}")]
    answers.append(admin.patch_json(f"/api/users/{user_id}", {"password": PASSWORD}))
    answers.append(admin.patch_json(f"/api/users/{user_id}", {"password": PASSWORD, "pasword": PASSWORD}, status=400))

    assert [answer.text for answer in answers if PASSWORD in answer.text or "argon2" in answer.text] == []


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"email": "other@example.com"}, "username"),
        ({"email": "other@example.com", "username": "ANN"}, "username"),
        ({"username": "other"}, "email"),
        ({"username": "other", "email": "ANN@example.COM"}, "email"),
    ],
)
def test_a_taken_name_or_address_is_a_conflict_that_names_the_field(app, registration, problem, change, field):
    app.post_json("/api/users", registration)

    answer = app.post_json("/api/users", {**registration, **change}, status=409)

    assert [(fault["in"], fault["field"]) for fault in problem(answer)["errors"]] == [("body", field)]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("username", ""),
        ("username", "ann lee"),
        ("username", "ann@example.com"),
        ("username", "a\u0000b"),
        ("username", "a" * 151),
        ("username", None),
        ("username", 5),
        ("email", ""),
        ("email", "ann"),
        ("email", "ann@"),
        ("email", "ann@exa mple.com"),
        ("email", "ann@example.com\r\nBcc: all@example.com"),
        ("email", "a" * 250 + "@b.de"),
        ("email", None),
        ("password", "seven77"),
        ("password", "a" * 1001),
        ("password", "with\u0000zero"),
        ("password", None),
        ("first_name", "a" * 151),
        ("first_name", "a\u0000b"),
        ("first_name", "see https://evil.example"),
        ("last_name", "www.evil"),
        ("last_name", "mail e@x.y"),
        ("last_name", None),
        ("last_name", ["Lee"]),
        ("is_admin", "yes"),
        ("id", 7),
        ("nickname", "Annie"),
    ],
)
def test_a_bad_value_is_named(app, registration, faulty_fields, field, value):
    answer = app.post_json("/api/users", {**registration, field: value}, status=400)

    assert faulty_fields(answer) == [field]


def test_all_validation_errors_are_reported_at_once(app, runtime, faulty_fields):
    answer = app.post_json("/api/users", {"password": "short", "first_name": 1, "nick": "x"}, status=400)

    assert faulty_fields(answer) == ["email", "first_name", "nick", "password", "username"]


def test_names_may_have_any_letters(app, registration):
    app.post_json("/api/users", {**registration, "username": "Ünal.Ş-1_+", "first_name": "Ünal «the» 木"}, status=201)

    assert app.post_json("/api/token", {"username": "Ünal.Ş-1_+", "password": PASSWORD}, status=200)


def test_users_cannot_register_administrators(app, client, registration, problem):
    problem(app.post_json("/api/users", {**registration, "is_admin": True}, status=403))
    problem(client.post_json("/api/users", {**registration, "is_admin": True}, status=403))


def test_an_administrator_creates_administrators(admin, registration):
    made = admin.post_json("/api/users", {**registration, "is_admin": True}, status=201).json

    assert admin.get(f"/api/users/{made['id']}").json["is_admin"] is True


def test_only_administrators_create_users_if_registration_is_closed(
    another_process, admin, client, registration, problem
):
    closed = another_process(registration="closed")

    problem(closed.post_json("/api/users", registration, status=403))
    problem(Client(closed, client.user).post_json("/api/users", registration, status=403))
    assert Client(closed, admin.user).post_json("/api/users", registration, status=201)
