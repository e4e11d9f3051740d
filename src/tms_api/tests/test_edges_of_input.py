"""What the description allows is taken and nothing else: edges where readers of a schema and a server part easily."""

import pytest


@pytest.mark.parametrize("query", ["q=a;b", "q=a%3Bb", "q=a;b=c"])
@pytest.mark.parametrize("path", ["/api/users", "/api/task"])
def test_a_semicolon_in_a_value_is_a_letter_like_others(client, path, query):
    assert client.get(f"{path}?{query}", status=200).json["count"] == 0


@pytest.mark.parametrize("header", ["", " ", '""', "x", '"1", "2"', "-1"])
def test_an_if_match_that_says_no_version_guards_nothing_and_is_refused(client, header):
    client.post_json("/api/task", {"title": "T"})

    answer = client.patch_json("/api/task/1", {"title": "U"}, headers={"If-Match": header}, status=400)

    assert [fault["in"] for fault in answer.json["errors"]] == ["header"]
    assert client.get("/api/task/1").json["title"] == "T"


def test_json_has_one_kind_of_number(client):
    me = client.user.id
    client.post("/api/task", b'{"title": "T", "assigned_to": %d.0}' % me, content_type="application/json", status=201)

    change = b'{"title": "U", "version": 1.0, "id": 1.0, "created_by": {"id": %d.0}}' % me
    answer = client.patch("/api/task/1", change, content_type="application/json", status=200)

    assert answer.json["assigned_to"] == me
    assert answer.json["version"] == 2


@pytest.mark.parametrize("value", ["1.5", "1e400", "true", '"1"', '{"id": null}', '{"id": {"id": 1}}', "{}"])
def test_what_is_no_whole_number_names_nobody(client, value):
    body = b'{"title": "T", "assigned_to": %s}' % value.encode()

    client.post("/api/task", body, content_type="application/json", status=400)


@pytest.mark.parametrize("blank", ["\x85", "\ufeff", "\x1c", "\u2028", " \t"])
def test_a_title_of_what_nobody_sees_is_blank(client, blank):
    client.post_json("/api/task", {"title": blank}, status=400)


@pytest.mark.parametrize("letter", ["\x85", "\ufeff", "\x7f", " ", "@"])
def test_an_address_has_no_letter_that_nobody_sees(app, letter):
    account = {"username": "ann", "email": f"a{letter}nn@example.com", "password": "password123"}

    app.post_json("/api/users", account, status=400)
