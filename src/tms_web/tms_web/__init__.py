"""The web UI: one page for every path, its built modules, and sessions that keep the refresh token in a cookie."""

from tms_core.models import LinkPurpose
from tms_web.settings import WebSettings


def includeme(config):
    config.add_tms_settings(WebSettings)
    config.add_migrations("web", "tms_web:migrations/versions")
    config.add_banner_line("Web", "tms_web.banner:address")
    config.add_banner_line("First start", "tms_web.banner:first_start")
    config.add_web_module("tms_web:static")
    config.add_link_page(LinkPurpose.PASSWORD_RESET, "/reset-password")
    config.add_link_page(LinkPurpose.EMAIL_VERIFICATION, "/verify-email")
    config.add_link_page(LinkPurpose.EMAIL_CHANGE, "/undo-email-change")
    config.include_web("tms_web.assets")
    config.include_web("tms_web.resources")
    config.include_web_last("tms_web.shell")
