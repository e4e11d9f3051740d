"""The error of a single value, which a `FieldError` later gives its place in the request."""

from typing import Any

from tms_core.error_codes import ErrorCode


class InvalidValueError(ValueError):
    """A value is invalid: the message for the user, its code, and the parameters that the code names."""

    def __init__(self, message: str, code: ErrorCode, **params: Any):
        self.code = code
        self.params = params
        super().__init__(message)
