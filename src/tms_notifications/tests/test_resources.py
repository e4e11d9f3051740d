"""Preferences and unsubscribing over HTTP."""

import pytest
from webtest import TestApp

from tms_core.app import configure
from tms_notifications.unsubscribing import UnsubscribeTokens

URL = "/api/users/me/notifications"
DEFAULTS = {
    "assigned": "immediate",
    "updated": "immediate",
    "due_soon": "immediate",
    "own_changes": True,
    "timezone": None,
    "language": None,
}


def test_preferences_have_defaults(client):
    assert client.get(URL).json == DEFAULTS


def test_the_language_of_mails_can_be_chosen(client):
    assert client.patch_json(URL, {"language": "de"}).json["language"] == "de"
    assert client.patch_json(URL, {"language": None}).json["language"] is None
    (error,) = client.patch_json(URL, {"language": "fr"}, status=400).json["errors"]
    assert error["field"] == "language"


def test_a_change_sets_the_given_preferences_only(client):
    assert client.patch_json(URL, {"updated": "off"}).json == {**DEFAULTS, "updated": "off"}
    assert client.patch_json(URL, {"timezone": "Europe/Berlin"}).json == {
        **DEFAULTS,
        "updated": "off",
        "timezone": "Europe/Berlin",
    }
    assert client.patch_json(URL, {"timezone": None, "own_changes": False}).json == {
        **DEFAULTS,
        "updated": "off",
        "own_changes": False,
    }


def test_an_empty_change_changes_nothing(client):
    assert client.patch_json(URL, {}).json == DEFAULTS


def test_preferences_are_per_user(client, client_of, make_user):
    client.patch_json(URL, {"assigned": "off"})

    assert client_of(make_user()).get(URL).json == DEFAULTS


def test_preferences_require_authentication(app):
    assert app.get(URL, status=401).headers["WWW-Authenticate"] == "Bearer"


@pytest.mark.parametrize(
    ("body", "field", "message"),
    [
        ({"assigned": "weekly"}, "assigned", "immediate"),
        ({"own_changes": "yes"}, "own_changes", "must be true or false"),
        ({"timezone": "Mars/Olympus"}, "timezone", "IANA time zone"),
        ({"timezone": "../etc/passwd"}, "timezone", "IANA time zone"),
        ({"colour": "red"}, "colour", "is not a field here"),
        ({"assigned": None}, "assigned", ""),
    ],
)
def test_errors_name_their_field(client, body, field, message):
    (error,) = client.patch_json(URL, body, status=400).json["errors"]

    assert error["field"] == field
    assert message in error["message"]


@pytest.fixture
def link(runtime):
    """Returns the path of the unsubscribe link in a user's mails."""

    def make(user, preference: str = "updated", key: str | None = None) -> str:
        token = UnsubscribeTokens(key or runtime.core.jwt_key).create(user.id, preference)
        return f"/api/notifications/unsubscribe?token={token}"

    return make


def test_unsubscribing_needs_one_click_and_no_authentication(app, client, link):
    answer = app.post(link(client.user), {"List-Unsubscribe": "One-Click"})

    assert answer.json == {}
    assert client.get(URL).json == {**DEFAULTS, "updated": "off"}


def test_unsubscribing_twice_changes_nothing(app, client, link):
    for _ in range(2):
        app.post(link(client.user, "due_soon"), {"List-Unsubscribe": "One-Click"})

    assert client.get(URL).json == {**DEFAULTS, "due_soon": "off"}


def test_a_get_shows_a_button_and_changes_nothing(app, client, link):
    page = app.get(link(client.user))

    assert page.content_type == "text/html"
    assert client.get(URL).json == DEFAULTS

    done = page.form.submit(headers={"Accept": "text/html"})
    assert "no more mails about changes of your tasks" in done.text
    assert client.get(URL).json == {**DEFAULTS, "updated": "off"}


def test_a_forged_link_changes_nothing(app, client, link):
    forged = [
        link(client.user, key="another key of forty characters, at least"),
        link(client.user, "own_changes"),
        link(client.user).replace("updated", "assigned"),
        "/api/notifications/unsubscribe?token=",
        "/api/notifications/unsubscribe?token=%C3%A4.%F0%9F%91%BB",
        "/api/notifications/unsubscribe",
    ]
    for url in forged:
        app.get(url, status=400)
        assert app.post(url, status=400).json["errors"][0]["field"] == "token"

    assert client.get(URL).json == DEFAULTS


def test_a_broken_link_is_a_page_for_browsers_and_a_problem_for_programs(app, client):
    url = "/api/notifications/unsubscribe?token=1.assigned.x"

    for ask in (app.get, app.post):
        page = ask(url, headers={"Accept": "text/html,*/*;q=0.8"}, status=400)
        assert page.content_type == "text/html"
        assert "This link does not work" in page.text
        assert page.headers["Cache-Control"] == "no-store"
        assert ask(url, status=400).content_type == "application/problem+json"
    assert client.get(URL).json == DEFAULTS


def test_without_database_the_link_shows_a_page_in_the_language_of_the_deployment(ini, client, link):
    url = link(client.user)
    changed = {"tms.database_url": "postgresql://tms:hidden@127.0.0.1:1/tms", "tms.notifications.language": "de"}
    away = TestApp(configure(ini | changed, web=True).make_wsgi_app())

    for ask in (away.get, away.post):
        page = ask(url, headers={"Accept": "text/html,*/*;q=0.8"}, status=503)
        assert "Der Server ist nicht erreichbar" in page.text
        assert (page.content_type, page.headers["Retry-After"]) == ("text/html", "5")
        assert ask(url, status=503).json["code"] == "database_away"


def test_the_pages_are_in_the_language_of_the_users_mails(app, client, link):
    client.patch_json(URL, {"language": "de"})

    page = app.get(link(client.user))
    done = page.form.submit(headers={"Accept": "text/html"})

    assert '<html lang="de">' in page.text
    assert "E-Mails über Änderungen Ihrer Aufgaben werden Ihnen nicht mehr geschickt." in page.text
    assert "<h1>Abbestellt</h1>" in done.text
    assert '<html lang="en">' in app.get("/api/notifications/unsubscribe", status=400, headers={"Accept": "text/html"})
