"""Error codes of this package."""

from tms_core.error_codes import ErrorCode

REGISTRATION_CLOSED = ErrorCode("registration_closed", "Only administrators create accounts here.", status=403)
REQUEST_RUNNING = ErrorCode(
    "request_running", "The first request with this Idempotency-Key is still running.", status=409
)
RESPONSE_NOT_STORED = ErrorCode(
    "response_not_stored",
    "The request was executed before; its response was too long to be stored.",
    status=409,
)
IDEMPOTENCY_KEY_REUSED = ErrorCode(
    "idempotency_key_reused", "The Idempotency-Key was used for another request.", status=422
)
TOO_MANY_IDEMPOTENCY_KEYS = ErrorCode(
    "too_many_idempotency_keys",
    "The user has used as many Idempotency-Keys as allowed within 24 hours.",
    ("maximum", "seconds"),
    429,
)
NO_MAILS_OFFERED = ErrorCode("no_mails_offered", "The server sends no mails about accounts.", status=501)
EMAIL_NOT_PROVED = ErrorCode("email_not_proved", "The account's e-mail address has not been proved.", status=409)
ACCOUNT_DISABLED = ErrorCode("account_disabled", "The account is disabled.", status=409)

LINK_INVALID = ErrorCode(
    "link_invalid", "The token is not one of a mailed link for this purpose, or the account is not active."
)
NEEDS_NEW_PASSWORD = ErrorCode("needs_new_password", "The field is allowed only with a new password.")
OTHER_ID = ErrorCode("other_id", "The task of the operation has another id than the operation.", ("id",))
CURSOR_AND_PAGE = ErrorCode("cursor_and_page", "The cursor stands more than once, or together with `page`.")
