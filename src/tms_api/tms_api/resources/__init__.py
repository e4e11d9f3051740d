"""The resources, one class a noun."""


def includeme(config):
    config.include(".description")
    config.scan("tms_api.resources")
