"""The resources for administrators: settings, the state of the deployment, and the checks of `tms doctor`."""

import os
import signal
import threading
import time

import pytest
from sqlalchemy import text

from tms_core.doctor import fine
from tms_core.doctor import background
from tms_core.doctor.background import BackgroundExamination
from tms_core.errors import TooManyRequestsError
from tms_core.processes import directory
from tms_core.processes.directory import ProcessReport
from tms_core.processes.heartbeat import Heartbeat
from tms_core.redaction import redact_urls
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
