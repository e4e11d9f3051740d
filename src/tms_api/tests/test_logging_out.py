import pytest

from tms_testing.fixtures import PASSWORD, Client

pytestmark = pytest.mark.usefixtures("tokens_read_at_every_request")


@pytest.fixture
def sign_in(app):
    """Start another session of a user."""
    return lambda name, password=PASSWORD, status=200: (
        app.post_json("/api/token", {"username": name, "password": password}, status=status).json
    )


@pytest.fixture
def is_alive(app):
    """Whether both tokens of a session work; fails if only one does."""

    def read(access: str, refresh: str) -> bool:
        shown = app.get("/api/users/me", headers={"Authorization": f"Bearer {access}"}, expect_errors=True)
        renewed = app.post_json("/api/token/refresh", {"refresh": refresh}, expect_errors=True)
        assert (shown.status_int, renewed.status_int) in ((200, 200), (401, 401))
        return shown.status_int == 200

    return read


def test_revoking_ends_one_session(app, ann, sign_in, is_alive):
    other = sign_in("ann")

    assert app.post_json("/api/token/revoke/", {"refresh": ann.refresh}, status=200).json == {}

    assert not is_alive(ann.access, ann.refresh)
    assert is_alive(other["access"], other["refresh"])


def test_revoking_an_unknown_token_is_no_error(app, runtime):
    assert app.post_json("/api/token/revoke", {"refresh": "unknown"}, status=200).json == {}


def test_revoke_all_ends_all_sessions_of_the_user_only(app, ann, make_user, client_of, sign_in, is_alive):
    other, bob = sign_in("ann"), make_user("bob")

    assert client_of(ann).post("/api/token/revoke-all/", status=200).json == {}

    assert not is_alive(ann.access, ann.refresh)
    assert not is_alive(other["access"], other["refresh"])
    assert is_alive(bob.access, bob.refresh)
    again = sign_in("ann")
    assert is_alive(again["access"], again["refresh"])


def test_revoke_all_needs_a_token(app, runtime, problem):
    problem(app.post("/api/token/revoke-all", status=401))


def test_revocations_reach_other_processes(ann, client_of, another_process):
    other = Client(another_process(), ann)
    other.get("/api/users/me", status=200)

    client_of(ann).post("/api/token/revoke-all")

    other.get("/api/users/me", status=401)


def test_requests_need_no_query_of_the_token(client, recorded, monkeypatch):
    monkeypatch.setattr("tms_core.auth.revocations.INTERVAL", 3600)
    client.get("/api/users/me")

    with recorded() as statements:
        client.get("/api/task/1", status=404)

    assert [statement for statement in statements if "FROM task" not in statement] == []


def test_a_deactivated_user_is_signed_out_and_can_be_reactivated(admin, ann, sign_in, is_alive):
    admin.patch_json(f"/api/users/{ann.id}", {"is_active": False})

    assert not is_alive(ann.access, ann.refresh)
    sign_in("ann", status=401)
    admin.patch_json(f"/api/users/{ann.id}", {"is_active": True})
    again = sign_in("ann")
    assert is_alive(again["access"], again["refresh"])
    assert not is_alive(ann.access, ann.refresh)


def test_a_deleted_user_is_signed_out(admin, ann, sign_in, is_alive):
    admin.delete(f"/api/users/{ann.id}")

    assert not is_alive(ann.access, ann.refresh)
    sign_in("ann", status=401)


def test_a_demoted_administrator_loses_its_rights(app, admin, make_user, client_of):
    bob = make_user("bob", is_admin=True)
    admin.patch_json(f"/api/users/{bob.id}", {"is_admin": False})

    client_of(bob).get("/api/users/me", status=401)

    pair = app.post_json("/api/token/refresh", {"refresh": bob.refresh}).json
    seen = app.get(f"/api/users/{admin.user.id}", headers={"Authorization": f"Bearer {pair['access']}"}).json
    assert "email" not in seen


def test_a_new_password_ends_all_other_sessions(ann, client_of, sign_in, is_alive):
    other = sign_in("ann")

    client_of(ann).patch_json("/api/users/me", {"password": "another-word", "current_password": PASSWORD}, status=200)

    assert is_alive(ann.access, ann.refresh)
    assert not is_alive(other["access"], other["refresh"])
    sign_in("ann", status=401)
    assert sign_in("ann", "another-word")


def test_a_password_set_by_an_administrator_ends_all_sessions(admin, ann, sign_in, is_alive):
    admin.patch_json(f"/api/users/{ann.id}", {"password": "another-word"})

    assert not is_alive(ann.access, ann.refresh)
    assert sign_in("ann", "another-word")


@pytest.mark.parametrize("proof", [{}, {"current_password": "wrong-word"}, {"current_password": None}])
def test_a_change_of_the_own_password_needs_the_current_one(ann, client_of, sign_in, faulty_fields, proof):
    answer = client_of(ann).patch_json("/api/users/me", {"password": "another-word", **proof}, status=400)

    assert faulty_fields(answer) == ["current_password"]
    assert sign_in("ann")


def test_an_administrator_needs_the_current_password_for_its_own(admin, faulty_fields):
    answer = admin.patch_json("/api/users/me", {"password": "another-word"}, status=400)

    assert faulty_fields(answer) == ["current_password"]
