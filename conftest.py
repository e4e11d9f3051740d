import gc

from hypothesis import HealthCheck, settings

pytest_plugins = ["tms_testing.fixtures", "tms_testing.served", "tms_testing.browser", "tms_testing.web_pages"]

# A busy machine is no failure; fixtures that hold for all examples of a test are meant: a database, an application.
settings.register_profile(
    "tms",
    deadline=None,
    max_examples=50,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
settings.load_profile("tms")
# Applications that live until the end make full collections dear: an eighth of the run.
gc.set_threshold(100_000, 50, 100)


def pytest_collection_modifyitems(items):
    """Long modules first, so that all processes of a parallel run end at about the same time; those of pages next to
    each other, since they share their deployments."""
    items.sort(key=_rank)


def _rank(item) -> int:
    folders = item.path.parts
    if "browser" in folders or "pages" in folders:
        return 0
    return 1 if item.path.parent == item.config.rootpath / "tests" else 2
