"""The API's settings."""

from pydantic import field_validator

from tms_api.rates import Rates
from tms_core.settings_base import SettingsGroup, setting


class ApiSettings(SettingsGroup, prefix="tms.api"):
    cache_seconds: int = setting(
        300, help="How long an unchanged page of tasks stays in Redis; 0 keeps none.", ge=0, le=86400
    )
    limit_user: Rates = setting(
        "60000/minute", help="Requests of one user, whatever they are; 0 (here and below): as many as one likes."
    )
    limit_address: Rates = setting(
        "6000/minute", help="Writing requests from one address without a sign-in, whatever they are, right or wrong."
    )
    limit_sign_in_account: Rates = setting(
        "10/minute; 100/hour",
        help="Wrong passwords for one user name from one network, or from one device that signed in before; after that "
        "not even the right one is taken from there.",
    )
    limit_sign_in_account_everywhere: Rates = setting(
        "100/minute; 1000/hour",
        help="Wrong passwords for one user name from all networks; after that none is taken but from devices that "
        "signed in before and from networks with an open session.",
    )
    limit_sign_in_address: Rates = setting("60/minute", help="Wrong passwords from one address.")
    limit_session_account: Rates = setting("30/minute; 300/hour", help="Right passwords for one user name.")
    limit_session_address: Rates = setting("120/minute", help="Right passwords from one address.")
    limit_refresh: Rates = setting("600/minute", help="Refreshes and log-outs from one address.")
    limit_registration: Rates = setting("300/minute", help="Registrations from one address.")
    limit_taken: Rates = setting(
        "20/minute; 100/hour",
        help="User names and e-mail addresses that one user, or one address, is told to be taken; after that it "
        "changes and registers none.",
    )
    limit_mail_account: Rates = setting(
        "5/hour", help="Mails with a link that may be asked for for one account from one network or known device."
    )
    limit_mail_account_everywhere: Rates = setting(
        "30/hour",
        help="The same from all networks; after that only from devices that signed in before and from networks with an "
        "open session.",
    )
    limit_mail_address: Rates = setting("60/hour", help="Mails with a link that may be asked for from one address.")
    idempotency_keys_per_user: int = setting(
        10_000, help="Idempotency-Keys that one user may use within 24 hours; 0: as many as one likes.", ge=0
    )
    password_reset_url: str = setting(
        "{public_url}/api/password-reset/confirm#token={token}",
        help="Where the mailed link leads for a new password; {public_url} is the deployment's.",
    )
    email_verification_url: str = setting(
        "{public_url}/api/email-verification/confirm#token={token}",
        help="Where the mailed link leads that verifies an e-mail address.",
    )

    email_change_url: str = setting(
        "{public_url}/api/email-change/undo#token={token}",
        help="Where the mailed link leads that takes a change of an e-mail address back.",
    )

    @field_validator("password_reset_url", "email_verification_url", "email_change_url")
    @classmethod
    def _has_the_token(cls, value: str) -> str:
        try:
            if "(token)" in value.format(public_url="", token="(token)"):  # noqa: S106 - a placeholder
                return value
        except (KeyError, ValueError, IndexError):
            pass
        raise ValueError("must contain {token}, may contain {public_url}, and no other braces")
