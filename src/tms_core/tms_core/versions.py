"""The installed versions of the included packages."""

from functools import cache
from importlib.metadata import PackageNotFoundError, packages_distributions, version


@cache
def package_version(module: str) -> str | None:
    """Return the version of the distribution that has a module, such as `tms_api`; None if it has none."""
    name = module.partition(".")[0]
    try:
        # Most distributions are named after their module, and reading the files of all takes long.
        return version(name)
    except PackageNotFoundError:
        found = packages_distributions().get(name)
        return version(found[0]) if found else None
