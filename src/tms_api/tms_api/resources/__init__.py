"""The HTTP resources, one class per noun."""


def includeme(config):
    config.include(".description")
    config.scan("tms_api.resources")
