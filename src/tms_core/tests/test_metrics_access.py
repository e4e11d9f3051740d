"""Access control of metrics."""

import pytest

from tms_core.errors import ForbiddenError, NotAuthenticatedError
from tms_core.metrics_access import PROXY_HEADERS, MetricsAccess
from tms_core.settings import CoreSettings

TOKEN = "0123456789abcdef"
HERE, ELSEWHERE = "127.0.0.1", "203.0.113.7"
WITH_TOKEN = {"authorization": f"Bearer {TOKEN}"}
PRODUCTION = {
    "tms.environment": "production",
    "tms.database_url": "postgresql://tms@db/tms",
    "tms.redis_url": "redis://redis",
    "tms.public_url": "https://tasks.example.com",
    "tms.jwt_private_key": "5f0c2a9be3d144778a7e0d9a3c1b2f4e",
}


def access(environment, token=TOKEN):
    ini = PRODUCTION | {"tms.environment": environment} | ({"tms.metrics.token": token} if token else {})
    return MetricsAccess(CoreSettings.read(ini, {}))


@pytest.mark.parametrize("environment", ["development", "production"])
@pytest.mark.parametrize("peer", [HERE, "::1", ELSEWHERE])
def test_the_token_gives_access_everywhere(environment, peer):
    access(environment).check(peer, WITH_TOKEN)


@pytest.mark.parametrize("token", [TOKEN, None])
@pytest.mark.parametrize("peer", [HERE, "::1", "::ffff:127.0.0.1"])
def test_in_development_loopback_needs_no_token(peer, token):
    access("development", token).check(peer, {})


@pytest.mark.parametrize("header", PROXY_HEADERS)
def test_a_forwarded_request_from_loopback_needs_the_token(header):
    with pytest.raises(NotAuthenticatedError):
        access("development").check(HERE, {header: ELSEWHERE})


@pytest.mark.parametrize("peer", [HERE, "::1", ELSEWHERE, ""])
def test_in_production_loopback_alone_is_not_enough(peer):
    with pytest.raises(NotAuthenticatedError, match=r"tms\.metrics\.token"):
        access("production").check(peer, {})


@pytest.mark.parametrize("environment", ["development", "production"])
def test_without_a_configured_token_access_is_denied(environment):
    for headers in ({}, WITH_TOKEN, {"authorization": "Bearer "}):
        with pytest.raises(ForbiddenError, match=r"set tms\.metrics\.token"):
            access(environment, token=None).check(ELSEWHERE, headers)


@pytest.mark.parametrize("given", ["", "Bearer", "Bearer wrong", f"Basic {TOKEN}", f"Bearer {TOKEN}x", "Bearer \xe9"])
def test_other_credentials_are_rejected(given):
    with pytest.raises(NotAuthenticatedError):
        access("production").check(HERE, {"authorization": given})
