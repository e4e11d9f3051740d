"""The options of `tms up` for ports, from the entry points of packages."""

from importlib.metadata import EntryPoint

import pytest

from tms_local import port_options as module
from tms_local.port_options import PortOption, port_options


@pytest.fixture
def _journal(monkeypatch):
    """An installed package with a port."""
    entries = [
        EntryPoint("journal", "acme_journal", module.GROUP),
        EntryPoint("realtime", "tms_realtime", module.GROUP),
    ]
    monkeypatch.setattr(module, "entry_points", lambda group: entries)
    port_options.cache_clear()
    yield
    port_options.cache_clear()


def test_each_package_with_a_port_has_an_option():
    assert [(option.flag, option.variable) for option in port_options()] == [
        ("--api-port", "TMS_API_PORT"),
        ("--realtime-port", "TMS_REALTIME_PORT"),
    ]


@pytest.mark.usefixtures("_journal")
def test_an_option_sets_the_port_of_its_package():
    option = PortOption("journal", "acme.journal.port")

    assert option in port_options()
    assert (option.flag, option.parameter, option.variable) == ("--journal-port", "journal_port", "ACME_JOURNAL_PORT")
