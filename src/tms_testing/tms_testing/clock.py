"""A clock that tests move."""


class ManualClock:
    """Replaces `time.time` or `time.monotonic` where those are arguments: `clock.now += 60`."""

    def __init__(self, now: float = 1_000.0):
        self.now = now

    def __call__(self) -> float:
        return self.now
