import pytest

from tms_core.errors import ConfigurationError
from tms_reports.settings import ReportSettings


def test_the_replica_must_be_a_postgresql_url():
    with pytest.raises(ConfigurationError, match=r"tms.reports.database_url \(or TMS_REPORTS_DATABASE_URL\)"):
        ReportSettings.read({"tms.reports.database_url": "mysql://localhost/tms"}, environ={})


def test_threads_can_be_set_by_environment():
    assert ReportSettings.read({"tms.reports.threads": "2"}, environ={"TMS_REPORTS_THREADS": "3"}).threads == 3
