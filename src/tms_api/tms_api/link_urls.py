"""URLs of mailed links, with a placeholder for the token."""

from tms_api.settings import ApiSettings
from tms_core.account_mail import TOKEN
from tms_core.models import LinkPurpose
from tms_core.runtime import Runtime


def password_reset_url(runtime: Runtime) -> str:
    return _with_token(runtime, runtime.settings(ApiSettings).password_reset_url)


def email_verification_url(runtime: Runtime) -> str:
    return _with_token(runtime, runtime.settings(ApiSettings).email_verification_url)


def email_change_url(runtime: Runtime) -> str:
    return _with_token(runtime, runtime.settings(ApiSettings).email_change_url)


def _with_token(runtime: Runtime, url: str) -> str:
    return url.format(public_url=runtime.core.public_url, token=TOKEN)


def includeme(config):
    config.add_link_url(LinkPurpose.PASSWORD_RESET, f"{__name__}:password_reset_url")
    config.add_link_url(LinkPurpose.EMAIL_VERIFICATION, f"{__name__}:email_verification_url")
    config.add_link_url(LinkPurpose.EMAIL_CHANGE, f"{__name__}:email_change_url")
