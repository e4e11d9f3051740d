"""The pages of mailed links."""

import pytest

from tms_core.app import configure
from tms_core.models import LinkPurpose

PAGES = {
    LinkPurpose.PASSWORD_RESET: "/reset-password",
    LinkPurpose.EMAIL_VERIFICATION: "/verify-email",
    LinkPurpose.EMAIL_CHANGE: "/undo-email-change",
}


@pytest.mark.parametrize("purpose", PAGES)
def test_mailed_links_open_the_pages_of_the_web_ui(app, runtime, purpose):
    url = runtime.link_url(purpose)

    assert url == f"{runtime.core.public_url}{PAGES[purpose]}#token={{token}}"
    # After the «#» the token is in no log; the page itself is answered by the web UI.
    assert app.get(PAGES[purpose], status=200).content_type == "text/html"


def test_a_setting_replaces_a_page(runtime):
    ini = {**runtime.ini, "tms.api.password_reset_url": "https://example.org/reset?t={token}"}
    registry = configure(ini, web=False).registry

    assert registry.tms.link_url(LinkPurpose.PASSWORD_RESET) == "https://example.org/reset?t={token}"
    assert registry.tms.link_url(LinkPurpose.EMAIL_CHANGE).endswith("/undo-email-change#token={token}")
