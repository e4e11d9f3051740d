pytest_plugins = ["tms_core.testing"]
