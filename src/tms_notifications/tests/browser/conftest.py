"""Fixtures of the browser tests: a served deployment with the mail notifications."""

import pytest

from tms_testing.served import served_settings


@pytest.fixture(scope="module")
def packages():
    return ("tms_api", "tms_realtime", "tms_notifications", "tms_web")


@pytest.fixture(scope="module")
def is_shared():
    return True


@pytest.fixture(scope="module")
def settings():
    return served_settings(**{"tms.timezone": "Europe/Berlin"})
