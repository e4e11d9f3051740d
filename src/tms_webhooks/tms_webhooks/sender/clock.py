"""The time of the database and the end of the leases, kept between renewals by a clock that is never set."""

import time
from datetime import UTC, datetime, timedelta


class SenderClock:
    """Pauses and dead letters depend on times that the database has given: the host's clock may be set meanwhile."""

    def __init__(self) -> None:
        self._leased_until = 0.0
        self._read_at = 0.0
        self._database_time = datetime.now(UTC)

    def renew(self, database_time: datetime, *, leased_until: float) -> None:
        """Set the present time of the database, and the end of the leases by `time.monotonic`."""
        self._database_time, self._read_at = database_time, time.monotonic()
        self._leased_until = leased_until

    def now(self) -> datetime:
        return self._database_time + timedelta(seconds=time.monotonic() - self._read_at)

    @property
    def is_leased(self) -> bool:
        """Whether no other process can have the webhooks of this one, even if it has not been able to renew leases."""
        return time.monotonic() < self._leased_until
