"""Preferred time zones of users."""

from zoneinfo import ZoneInfo


def zone_of(name: str | None, deployment: ZoneInfo) -> ZoneInfo:
    """Return the zone of this name, or the deployment's if the name is None or not in the time zone database."""
    if not name:
        return deployment
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        return deployment
