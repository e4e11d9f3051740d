"""Report settings."""

from datetime import timedelta
from typing import Literal

from pydantic import SecretStr, field_validator

from tms_core.runtime import Runtime
from tms_core.settings_base import SettingsGroup, setting


class ReportSettings(SettingsGroup, prefix="tms.reports"):
    threads: int = setting(4, help="Threads per report, each with its own database connection.", ge=1, le=32)
    pool_size: int = setting(4, help="Database connections for reports per process.", ge=1, le=64)
    concurrent: int = setting(
        4, help="Concurrent scans of the tasks for reports, over all processes; further ones wait.", ge=1, le=64
    )
    wait: float = setting(
        2.0, help="Seconds that a report above this limit waits before it is rejected with 503.", ge=0, le=60
    )
    statement_timeout: float = setting(
        10.0, help="Timeout of each SQL statement of a report, in seconds; the response is 503.", gt=0, le=3600
    )
    job_timeout: float = setting(
        300.0, help="Timeout of each SQL statement of a report job or scheduled report, in seconds.", gt=0, le=86400
    )
    job_lease: float = setting(
        60.0,
        help="Seconds without a sign of life after which a report job's worker counts as dead.",
        ge=5,
        le=3600,
    )
    job_hours: float = setting(24.0, help="Hours for which the result of a report job is kept.", gt=0, le=720)
    job_result_bytes: int = setting(
        20_000_000, help="Largest result of a report job, in bytes.", ge=10_000, le=500_000_000
    )
    jobs_per_user: int = setting(20, help="Report jobs kept per user; older results are deleted.", ge=1, le=1000)
    counters: Literal["auto", "total", "personal", "off"] = setting(
        "auto",
        help="Kept counters, which save reports from counting: total (of all tasks), personal (also of each user's own "
        "tasks), off; auto: personal if tms.visibility is private, else total.",
    )
    database_url: SecretStr | None = setting(
        None, help="A read replica for reports, such as postgresql://…; empty: the main database."
    )

    @property
    def job_life(self) -> timedelta:
        return timedelta(hours=self.job_hours)

    @field_validator("database_url")
    @classmethod
    def _is_postgresql(cls, value: SecretStr | None) -> SecretStr | None:
        if value and not value.get_secret_value().startswith(("postgresql://", "postgres://")):
            raise ValueError("must begin with postgresql://")
        return value


def keeps_personal_counters(runtime: Runtime) -> bool:
    """Return whether the counters count each user's own tasks too."""
    counters = runtime.settings(ReportSettings).counters
    return counters == "personal" or (counters == "auto" and runtime.core.visibility == "private")
