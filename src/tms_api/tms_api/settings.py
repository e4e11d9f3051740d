"""Settings of the API."""

from pydantic import field_validator

from tms_api.rates import Rates
from tms_core.settings_base import SettingsGroup, setting


class ApiSettings(SettingsGroup, prefix="tms.api"):
    cache_seconds: int = setting(
        300, help="Seconds that a page of the task list is cached in Redis; 0 turns the cache off.", ge=0, le=86400
    )
    limit_user: Rates = setting("60000/minute", help="Requests per user; 0 (here and below) means unlimited.")
    limit_address: Rates = setting("6000/minute", help="Writing requests without a sign-in per address.")
    limit_sign_in_account: Rates = setting(
        "10/minute; 100/hour",
        help="Wrong passwords for one user name per network, or per device that has signed in before; above that, the "
        "right password is refused from there too.",
    )
    limit_sign_in_account_everywhere: Rates = setting(
        "100/minute; 1000/hour",
        help="Wrong passwords for one user name from all networks; above that, only devices that have signed in before "
        "and networks with an open session can sign in.",
    )
    limit_sign_in_address: Rates = setting("60/minute", help="Wrong passwords per address.")
    limit_session_account: Rates = setting("30/minute; 300/hour", help="Successful sign-ins per user name.")
    limit_session_address: Rates = setting("120/minute", help="Successful sign-ins per address.")
    limit_refresh: Rates = setting("600/minute", help="Token refreshes and sign-outs per address.")
    limit_registration: Rates = setting("300/minute", help="Registrations per address.")
    limit_taken: Rates = setting(
        "20/minute; 100/hour",
        help="Responses per user and per address that a user name or e-mail address is taken; above that, the client "
        "can neither register nor change a name or address.",
    )
    limit_mail_account: Rates = setting(
        "5/hour", help="Requests for a mailed link for one account per network or known device."
    )
    limit_mail_account_everywhere: Rates = setting(
        "30/hour",
        help="Requests for a mailed link for one account from all networks; above that, only from devices that have "
        "signed in before and from networks with an open session.",
    )
    limit_mail_address: Rates = setting("60/hour", help="Requests for a mailed link per address.")
    idempotency_keys_per_user: int = setting(
        10_000, help="Idempotency-Keys per user within 24 hours; 0 means unlimited.", ge=0
    )
    password_reset_url: str = setting(
        "",
        help="URL of mailed links to reset a password, with {token} and perhaps {public_url}; empty, here and below: "
        "the page of the web UI, or else of the API.",
    )
    email_verification_url: str = setting("", help="URL of the mailed link to verify an e-mail address.")
    email_change_url: str = setting("", help="URL of the mailed link to undo a change of e-mail address.")

    @field_validator("password_reset_url", "email_verification_url", "email_change_url")
    @classmethod
    def _has_the_token(cls, value: str) -> str:
        if not value:
            return value
        try:
            if "(token)" in value.format(public_url="", token="(token)"):  # noqa: S106 - a placeholder
                return value
        except (KeyError, ValueError, IndexError):
            pass
        raise ValueError("must contain {token}, may contain {public_url}, and no other braces")
