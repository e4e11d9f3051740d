import pytest

from tms_core.app import configure
from tms_core.errors import ConfigurationError
from tms_local.process_specs import require_ports
from tms_realtime.settings import RealtimeSettings


@pytest.mark.parametrize(
    ("given", "status"),
    [
        ({}, 9001),
        ({"tms.realtime.port": "8161"}, 9161),
        ({"tms.realtime.port": "65535"}, 64535),
        ({"tms.realtime.port": "8161", "tms.realtime.status_port": "9001"}, 9001),
        ({"tms.realtime.port": "8161", "tms.realtime.status_port": "0"}, 0),
    ],
)
def test_the_status_moves_with_the_port_unless_it_has_one_of_its_own(given, status):
    assert RealtimeSettings.read(given, {}).status_port == status


def test_a_bad_port_is_one_fault():
    with pytest.raises(ConfigurationError) as caught:
        RealtimeSettings.read({"tms.realtime.port": "x"}, {})

    assert len(caught.value.sentences) == 1


def test_the_status_cannot_have_the_apis_port(tmp_path):
    ini = {
        "pyramid.includes": "tms_realtime tms_local",
        "tms.environment": "development",
        "tms.state_dir": str(tmp_path),
    }
    runtime = configure({**ini, "tms.api_port": "9001"}, web=False).registry.tms

    with pytest.raises(ConfigurationError, match=r"tms\.api_port and tms\.realtime\.status_port are both 9001"):
        require_ports(runtime)
