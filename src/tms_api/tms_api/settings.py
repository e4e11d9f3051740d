"""The API's settings."""

from tms_core.configuration import SettingsGroup, setting


class ApiSettings(SettingsGroup, prefix="tms.api"):
    cache_seconds: int = setting(
        300, help="How long an unchanged page of tasks stays in Redis; 0 keeps none.", ge=0, le=86400
    )
