"""Time zones that users chose."""

from zoneinfo import ZoneInfo


def zone_of(name: str | None, deployment: ZoneInfo) -> ZoneInfo:
    """The zone of this name; the deployment's without a name, or with one that the zones' database has dropped."""
    if not name:
        return deployment
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        return deployment
