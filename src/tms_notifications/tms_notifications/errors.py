"""What a transport raises; the text is what the server said, for the ledger."""


class DeferredError(Exception):
    """Not now: the server is away, or says so."""


class RefusedError(Exception):
    """Never: the server refuses this mail."""
