"""Why a mail does not go out; the text is for the ledger."""


class DeferredError(Exception):
    """Not now: the server is away, or says so."""


class RefusedError(Exception):
    """Never: the server refuses this mail."""


class CompositionError(Exception):
    """Nothing can be made of it, as it and the templates are now."""
