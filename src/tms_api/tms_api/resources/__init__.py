"""The resources, one class a noun."""


def includeme(config):
    config.scan("tms_api.resources")
