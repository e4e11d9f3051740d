"""Report settings."""

from pydantic import SecretStr, field_validator

from tms_core.settings_base import SettingsGroup, setting


class ReportSettings(SettingsGroup, prefix="tms.reports"):
    threads: int = setting(4, help="Threads per report, each with its own database connection.", ge=1, le=32)
    pool_size: int = setting(4, help="Database connections for reports per process.", ge=1, le=64)
    database_url: SecretStr | None = setting(
        None, help="A read replica for reports, such as postgresql://…; empty: the main database."
    )

    @field_validator("database_url")
    @classmethod
    def _is_postgresql(cls, value: SecretStr | None) -> SecretStr | None:
        if value and not value.get_secret_value().startswith(("postgresql://", "postgres://")):
            raise ValueError("must begin with postgresql://")
        return value
