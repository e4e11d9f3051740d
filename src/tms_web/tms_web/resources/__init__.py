"""The resources of the web UI."""


def includeme(config):
    config.scan("tms_web.resources")
