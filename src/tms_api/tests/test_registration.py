import pytest

from tms_testing.fixtures import PASSWORD, Client


@pytest.fixture
def someone():
    """A body that registers."""
    return {
        "username": "ann",
        "email": "ann@example.com",
        "password": PASSWORD,
        "first_name": "Ann",
        "last_name": "Lee",
    }


def test_registering_answers_with_the_account_and_nothing_more(app, someone):
    answer = app.post_json("/api/users/", someone, status=201)

    assert answer.json == {
        "id": 1,
        "username": "ann",
        "email": "ann@example.com",
        "first_name": "Ann",
        "last_name": "Lee",
    }
    assert answer.headers["Location"].endswith("/api/users/1")


def test_names_may_be_left_out(app, someone):
    del someone["first_name"], someone["last_name"]

    answer = app.post_json("/api/users", someone, status=201).json

    assert (answer["first_name"], answer["last_name"]) == ("", "")


def test_who_registers_signs_in_with_that_password(app, someone):
    app.post_json("/api/users", someone)

    assert app.post_json("/api/token", {"username": "ann", "password": PASSWORD}, status=200)


def test_the_password_comes_back_from_nowhere(app, someone, admin):
    answers = [app.post_json("/api/users", someone)]
    answers.append(app.post_json("/api/users", someone, status=409))
    answers.append(app.post_json("/api/users", {**someone, "email": 1}, status=400))
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
def test_a_taken_name_or_address_is_a_conflict_that_names_it(app, someone, problem, change, field):
    app.post_json("/api/users", someone)

    answer = app.post_json("/api/users", {**someone, **change}, status=409)

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
def test_a_bad_value_is_named(app, someone, faulty_fields, field, value):
    answer = app.post_json("/api/users", {**someone, field: value}, status=400)

    assert faulty_fields(answer) == [field]


def test_all_faults_come_at_once(app, runtime, faulty_fields):
    answer = app.post_json("/api/users", {"password": "short", "first_name": 1, "nick": "x"}, status=400)

    assert faulty_fields(answer) == ["email", "first_name", "nick", "password", "username"]


def test_any_letters_make_a_name(app, someone):
    app.post_json("/api/users", {**someone, "username": "Ünal.Ş-1_+", "first_name": "Ünal «the» 木"}, status=201)

    assert app.post_json("/api/token", {"username": "Ünal.Ş-1_+", "password": PASSWORD}, status=200)


def test_nobody_registers_as_an_administrator(app, client, someone, problem):
    problem(app.post_json("/api/users", {**someone, "is_admin": True}, status=403))
    problem(client.post_json("/api/users", {**someone, "is_admin": True}, status=403))


def test_an_administrator_makes_administrators(admin, someone):
    made = admin.post_json("/api/users", {**someone, "is_admin": True}, status=201).json

    assert admin.get(f"/api/users/{made['id']}").json["is_admin"] is True


def test_where_registration_is_closed_only_an_administrator_creates_users(
    another_process, admin, client, someone, problem
):
    closed = another_process(registration="closed")

    problem(closed.post_json("/api/users", someone, status=403))
    problem(Client(closed, client.user).post_json("/api/users", someone, status=403))
    assert Client(closed, admin.user).post_json("/api/users", someone, status=201)
