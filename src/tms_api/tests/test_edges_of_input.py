"""Edge cases of input in which a JSON schema and the server could disagree."""

import pytest


@pytest.mark.parametrize("query", ["q=a;b", "q=a%3Bb", "q=a;b=c"])
@pytest.mark.parametrize("path", ["/api/users", "/api/task"])
def test_a_semicolon_in_a_value_is_an_ordinary_character(client, path, query):
    assert client.get(f"{path}?{query}", status=200).json["count"] == 0


@pytest.mark.parametrize("header", ["", " ", ",", "x", '"1", x', "-1"])
def test_an_if_match_without_a_version_is_refused(client, header):
    client.post_json("/api/task", {"title": "T"})

    answer = client.patch_json("/api/task/1", {"title": "U"}, headers={"If-Match": header}, status=400)

    assert [fault["in"] for fault in answer.json["errors"]] == ["header"]
    assert client.get("/api/task/1").json["title"] == "T"


def test_integral_floats_are_integers(client):
    me = client.user.id
    client.post("/api/task", b'{"title": "T", "assigned_to": %d.0}' % me, content_type="application/json", status=201)

    change = b'{"title": "U", "version": 1.0, "id": 1.0, "created_by": {"id": %d.0}}' % me
    answer = client.patch("/api/task/1", change, content_type="application/json", status=200)

    assert answer.json["assigned_to"] == me
    assert answer.json["version"] == 2


@pytest.mark.parametrize("value", ["1.5", "1e400", "true", '"1"', '{"id": null}', '{"id": {"id": 1}}', "{}"])
def test_other_values_are_no_user_id(client, value):
    body = b'{"title": "T", "assigned_to": %s}' % value.encode()

    client.post("/api/task", body, content_type="application/json", status=400)


BLANKS = ["\x85", "\ufeff", "\x1c", "\u2028", " \t", "\u200b", "\u3164", "\u2800", "\ufe0f", "\U000e0100", "\u2060\xad"]


@pytest.mark.parametrize("blank", BLANKS)
def test_a_title_of_invisible_characters_is_blank(client, blank):
    client.post_json("/api/task", {"title": blank}, status=400)
    task = client.post_json("/api/task", {"title": "T"}).json
    client.patch_json(f"/api/task/{task['id']}", {"title": blank}, status=400)
    client.post_json("/api/api-tokens", {"name": blank, "scopes": ["tasks:read"]}, status=400)


@pytest.mark.parametrize("blank", BLANKS)
def test_a_name_of_invisible_characters_is_empty(client, blank):
    assert client.patch_json("/api/users/me", {"first_name": blank}).json["first_name"] == ""


@pytest.mark.parametrize("ending", ["\n", "\r\n", "\v", "\x85", "\u2028", "\u2029"])
def test_line_breaks_in_titles_and_names_become_spaces(client, ending):
    assert client.post_json("/api/task", {"title": f"buy{ending}paint{ending}"}).json["title"] == "buy paint"
    assert client.patch_json("/api/users/me", {"last_name": f"van{ending}Gogh"}).json["last_name"] == "van Gogh"
    assert client.post_json("/api/task", {"title": "T", "description": "a\nb"}).json["description"] == "a\nb"


@pytest.mark.parametrize("coding", ["gzip", "GZIP", "br", "identity, gzip", "zstd"])
def test_a_compressed_body_is_refused_with_the_accepted_encoding(client, problem, coding):
    answer = client.post_json("/api/task", {"title": "T"}, headers={"Content-Encoding": coding}, status=415)

    assert answer.headers["Accept-Encoding"] == "identity"
    assert "Content-Encoding" in problem(answer)["detail"]


@pytest.mark.parametrize("coding", ["identity", "Identity", ""])
def test_the_identity_encoding_is_accepted(client, coding):
    client.post_json("/api/task", {"title": "T"}, headers={"Content-Encoding": coding}, status=201)


@pytest.mark.parametrize("number", [10**18, 2**63, 10**30, 10**400])
def test_an_unreachable_version_is_no_server_error(client, number):
    client.post_json("/api/task", {"title": "T"})

    client.patch(
        "/api/task/1", b'{"title": "U", "version": %d}' % number, content_type="application/json", status=(400, 412)
    )
    client.patch_json("/api/task/1", {"title": "U"}, headers={"If-Match": f'"{number}"'}, status=(400, 412))
    client.post_json("/api/task/1/undo", {"event_id": number}, status=(400, 404))


@pytest.mark.parametrize("letter", ["\x85", "\ufeff", "\x7f", " ", "@"])
def test_addresses_with_invisible_characters_are_refused(app, letter):
    account = {"username": "ann", "email": f"a{letter}nn@example.com", "password": "password123"}

    app.post_json("/api/users", account, status=400)
