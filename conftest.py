from hypothesis import HealthCheck, settings

pytest_plugins = ["tms_testing.fixtures", "tms_testing.served", "tms_testing.browser", "tms_testing.web_pages"]

# A busy machine is no failure; fixtures that hold for all examples of a test are meant: a database, an application.
settings.register_profile(
    "tms", deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture]
)
settings.load_profile("tms")
