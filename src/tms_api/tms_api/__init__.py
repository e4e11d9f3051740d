"""The REST API: users, tokens and tasks."""

from tms_api.settings import ApiSettings


def includeme(config):
    config.add_tms_settings(ApiSettings)
    config.include_web("tms_api.resources")
