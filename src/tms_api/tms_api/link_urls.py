"""URLs of mailed links, with a placeholder for the token: those of the settings, else of a page that a package has
registered by `add_link_page`, else of the API's own pages."""

from tms_api.settings import ApiSettings
from tms_core.account_mail import TOKEN
from tms_core.models import LinkPurpose
from tms_core.runtime import Runtime

OWN_PAGES = {
    LinkPurpose.PASSWORD_RESET: "/api/password-reset/confirm",
    LinkPurpose.EMAIL_VERIFICATION: "/api/email-verification/confirm",
    LinkPurpose.EMAIL_CHANGE: "/api/email-change/undo",
}


def password_reset_url(runtime: Runtime) -> str:
    return _url(runtime, runtime.settings(ApiSettings).password_reset_url, LinkPurpose.PASSWORD_RESET)


def email_verification_url(runtime: Runtime) -> str:
    return _url(runtime, runtime.settings(ApiSettings).email_verification_url, LinkPurpose.EMAIL_VERIFICATION)


def email_change_url(runtime: Runtime) -> str:
    return _url(runtime, runtime.settings(ApiSettings).email_change_url, LinkPurpose.EMAIL_CHANGE)


def _url(runtime: Runtime, wanted: str, purpose: LinkPurpose) -> str:
    page = runtime.registry.link_pages.get(purpose, OWN_PAGES[purpose])
    # In the fragment, so that no server or proxy logs the token.
    url = wanted or f"{{public_url}}{page}#token={{token}}"
    return url.format(public_url=runtime.core.public_url, token=TOKEN)


def includeme(config):
    config.add_link_url(LinkPurpose.PASSWORD_RESET, f"{__name__}:password_reset_url")
    config.add_link_url(LinkPurpose.EMAIL_VERIFICATION, f"{__name__}:email_verification_url")
    config.add_link_url(LinkPurpose.EMAIL_CHANGE, f"{__name__}:email_change_url")
