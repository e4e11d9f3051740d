"""Links in answers to requests that a proxy passed on."""

import pytest


@pytest.fixture(scope="module")
def packages():
    return ("tms_api",)


def next_page(client, **headers):
    return client.get("/api/task?page_size=1", headers={"Host": "tasks.example.com", **headers}).json["next"]


def test_links_begin_with_the_scheme_that_the_client_used(client):
    for title in ("One", "Two"):
        client.post_json("/api/task", {"title": title})

    assert next_page(client).startswith("http://tasks.example.com/")
    assert next_page(client, **{"X-Forwarded-Proto": "https"}).startswith("https://tasks.example.com/")
    assert next_page(client, **{"X-Forwarded-Proto": "gopher"}).startswith("http://tasks.example.com/")
