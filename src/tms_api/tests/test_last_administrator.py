"""The last active administrator can be neither deleted, demoted nor deactivated."""

import pytest


@pytest.mark.parametrize("change", [{"is_admin": False}, {"is_active": False}])
@pytest.mark.parametrize("verb", ["patch_json", "put_json"])
def test_the_last_administrator_can_be_neither_demoted_nor_deactivated(admin, problem, change, verb):
    whole = {"username": "root", "email": "root@example.com", **change}

    problem(getattr(admin, verb)("/api/users/me", whole, status=409))

    assert admin.get("/api/users/me").json["is_admin"] is True


def test_the_last_administrator_cannot_be_deleted(admin, problem):
    problem(admin.delete("/api/users/me", status=409))

    assert admin.get("/api/users/me", status=200)


def test_deactivated_and_deleted_administrators_do_not_count(admin, make_user):
    make_user(is_admin=True, is_active=False)
    gone = make_user(is_admin=True)
    admin.delete(f"/api/users/{gone.id}")

    admin.patch_json("/api/users/me", {"is_admin": False}, status=409)


def test_the_second_last_administrator_can_be_deleted(admin, make_user):
    make_user(is_admin=True)

    assert admin.delete("/api/users/me", status=200)
