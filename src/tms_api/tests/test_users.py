from urllib.parse import quote

import pytest

from tms_testing.fixtures import PASSWORD

PUBLIC = {"id", "username", "first_name", "last_name"}
WHOLE = PUBLIC | {"email", "email_verified", "is_admin", "is_active"}


@pytest.fixture
def ann(make_user):
    return make_user("ann", first_name="Ann", last_name="Lee")


def test_users_see_all_their_own_fields(as_ann, ann):
    whole = {
        "id": ann.id,
        "username": "ann",
        "email": "ann@example.com",
        "first_name": "Ann",
        "last_name": "Lee",
        "email_verified": False,
        "is_admin": False,
        "is_active": True,
    }

    assert as_ann.get("/api/users/me/").json == whole
    assert as_ann.get(f"/api/users/{ann.id}/").json == whole


def test_users_see_only_names_of_others(as_ann, bob):
    assert set(as_ann.get(f"/api/users/{bob.id}").json) == PUBLIC


def test_administrators_see_all_fields(admin, ann):
    assert set(admin.get(f"/api/users/{ann.id}").json) == WHOLE
    assert all(set(user) == WHOLE | {"last_used_at"} for user in admin.get("/api/users").json["results"])


def test_a_list_shows_only_the_callers_address(as_ann, ann, bob):
    users = as_ann.get("/api/users/").json["results"]

    assert {user["id"]: set(user) for user in users} == {ann.id: WHOLE, bob.id: PUBLIC}


@pytest.mark.parametrize("user_id", ["99", "0", "-1", "abc", "1.0", "%D9%A3", str(2**63), "9" * 5000])
def test_an_unknown_user_is_not_found(client, problem, user_id):
    problem(client.get(f"/api/users/{user_id}", status=404))


class TestList:
    @pytest.fixture(autouse=True)
    def _users(self, make_user):
        for number in range(7):
            make_user(f"worker{number}", first_name=f"First{number % 2}", last_name="O'Neil" if number == 3 else "")

    def names(self, client, query):
        return [user["username"] for user in client.get(f"/api/users?{query}").json["results"]]

    def test_the_list_is_paginated(self, client):
        seen, url = [], "/api/users/?page_size=3&q=worker"
        while url:
            page = client.get(url).json
            assert page["count"] == 7
            seen += [user["username"] for user in page["results"]]
            last, url = page, page["next"]

        assert seen == [f"worker{number}" for number in range(7)]
        assert client.get(last["previous"]).json["previous"] is not None

    def test_q_finds_parts_of_the_user_name_and_the_names(self, client):
        assert self.names(client, "q=KER3") == ["worker3"]
        assert self.names(client, "q=first1") == ["worker1", "worker3", "worker5"]
        assert self.names(client, "q=O'N") == ["worker3"]
        assert self.names(client, "q=example.com") == []

    def test_q_matches_all_spellings_of_user_names(self, client, make_user):
        make_user("Straße")

        assert self.names(client, "q=STRASS") == self.names(client, f"q={quote('ｓｔｒａ')}") == ["Straße"]

    @pytest.mark.parametrize("text", ["%25", "_orker", "%5C", "worker3%25"])
    def test_q_matches_wildcards_literally(self, client, text):
        assert self.names(client, f"q={text}") == []

    @pytest.mark.parametrize(
        ("query", "field"),
        [
            ("page=0", "page"),
            ("page=x", "page"),
            ("page=1&page=2", "page"),
            ("page_size=0", "page_size"),
            ("page_size=201", "page_size"),
            ("q=%00", "q"),
            ("name=ann", "name"),
        ],
    )
    def test_a_bad_parameter_is_named(self, client, faulty_fields, query, field):
        assert faulty_fields(client.get(f"/api/users?{query}", status=400)) == [field]

    def test_a_page_past_the_end_is_not_found(self, client, problem):
        problem(client.get("/api/users?page=2", status=404))


def test_patch_changes_only_the_given_fields(as_ann, ann):
    before = as_ann.get("/api/users/me").json

    after = as_ann.patch_json(f"/api/users/{ann.id}/", {"last_name": "Poe"}, status=200).json

    assert after == {**before, "last_name": "Poe"}
    assert as_ann.get("/api/users/me").json == after


def test_put_replaces_what_a_user_may_change(as_ann, ann):
    body = {"id": ann.id, "username": "anna", "email": "anna@example.org", "first_name": "Anna"}

    after = as_ann.put_json(f"/api/users/{ann.id}/", {**body, "current_password": PASSWORD}, status=200).json

    assert after == {**body, "last_name": "", "email_verified": False, "is_admin": False, "is_active": True}


def test_put_accepts_the_response_of_get(as_ann):
    before = as_ann.get("/api/users/me").json

    assert as_ann.put_json("/api/users/me", before, status=200).json == before


def test_put_needs_all_required_fields(as_ann, faulty_fields):
    assert faulty_fields(as_ann.put_json("/api/users/me", {"first_name": "Anna"}, status=400)) == ["email", "username"]


@pytest.mark.parametrize("verb", ["put_json", "patch_json"])
def test_the_id_cannot_be_changed(as_ann, faulty_fields, verb):
    body = {"id": 7, "username": "ann", "email": "ann@example.com"}

    assert faulty_fields(getattr(as_ann, verb)("/api/users/me", body, status=400)) == ["id"]


@pytest.mark.parametrize(
    ("field", "value", "proof"),
    [("username", "BOB", {}), ("email", "Bob@Example.com", {"current_password": PASSWORD})],
    ids=["username", "email"],
)
def test_a_taken_value_is_a_conflict(as_ann, bob, problem, field, value, proof):
    answer = as_ann.patch_json("/api/users/me", {field: value, **proof}, status=409)

    assert [fault["field"] for fault in problem(answer)["errors"]] == [field]


def test_a_user_may_change_the_case_of_the_own_name(as_ann):
    assert as_ann.patch_json("/api/users/me", {"username": "Ann"}, status=200).json["username"] == "Ann"


@pytest.mark.parametrize("field", ["username", "email", "password", "first_name", "is_admin", "is_active"])
def test_null_is_refused(as_ann, faulty_fields, field):
    body = {field: None, "current_password": PASSWORD}

    assert faulty_fields(as_ann.patch_json("/api/users/me", body, status=400)) == [field]


def test_a_user_changes_and_deletes_only_itself(as_ann, bob, problem):
    whole = {"username": "bobby", "email": "b@example.com"}

    problem(as_ann.patch_json(f"/api/users/{bob.id}", {"first_name": "X"}, status=403))
    problem(as_ann.put_json(f"/api/users/{bob.id}", whole, status=403))
    problem(as_ann.delete(f"/api/users/{bob.id}", status=403))
    assert as_ann.get(f"/api/users/{bob.id}").json["username"] == "bob"


def test_an_administrator_changes_and_deletes_anyone(admin, ann):
    assert admin.patch_json(f"/api/users/{ann.id}", {"first_name": "X"}).json["first_name"] == "X"
    assert admin.delete(f"/api/users/{ann.id}/", status=200).json == {}


@pytest.mark.parametrize("field", ["is_admin", "is_active"])
def test_users_cannot_change_their_own_role(as_ann, problem, field):
    rank = as_ann.get("/api/users/me").json[field]

    problem(as_ann.patch_json("/api/users/me", {field: not rank}, status=403))
    assert as_ann.patch_json("/api/users/me", {field: rank}, status=200)


def test_administrators_change_the_role_of_others(admin, ann):
    assert admin.patch_json(f"/api/users/{ann.id}", {"is_admin": True}).json["is_admin"] is True
    assert admin.patch_json(f"/api/users/{ann.id}", {"is_admin": False}).json["is_admin"] is False
