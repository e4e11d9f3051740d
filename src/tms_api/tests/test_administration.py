"""The resources for administrators: settings, the state of the deployment, and the checks of `tms doctor`."""

import pytest

from tms_testing.fixtures import Client

SETTINGS, SYSTEM, DOCTOR = "/api/admin/settings", "/api/admin/system", "/api/admin/doctor"


@pytest.fixture(scope="module")
def packages():
    return ("tms_api", "tms_realtime", "tms_notifications")


@pytest.fixture
def admin(app, make_user):
    return Client(app, make_user("root", is_admin=True))


@pytest.mark.parametrize("path", [SETTINGS, SYSTEM, DOCTOR])
def test_smoke(admin, path):
    import json

    print(json.dumps(admin.get(path).json, indent=1)[:6000])
