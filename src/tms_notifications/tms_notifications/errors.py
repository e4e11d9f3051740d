"""Errors of mail delivery; the message becomes the `reason` in the mail log."""


class DeferredError(Exception):
    """A temporary failure: the server is unreachable or answers 4xx. The mail is retried."""


class ServerUnavailableError(DeferredError):
    """The server cannot be reached or signed in to, which affects all mails."""


class RefusedError(Exception):
    """A permanent failure: the server rejects this mail."""


class CompositionError(Exception):
    """The message cannot be composed from the row with the current templates."""
