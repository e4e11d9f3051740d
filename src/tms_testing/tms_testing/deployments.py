"""Deployments for tests: a database, the application on it, and its processes. Some are shared by several modules."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager
from functools import cached_property
from pathlib import Path
from typing import Any

from redis import Redis
from webtest import TestApp

from tms_core.app import configure
from tms_core.runtime import Runtime
from tms_testing.databases import Databases
from tms_testing.problems import CheckedApp

# Mails to files, at once.
NOTIFICATIONS = {"tms.notifications.transport": "file", "tms.notifications.coalesce": "0"}


class Deployment:
    """Settings with a migrated, empty database of their own; the application on them is made when it is asked for."""

    def __init__(
        self, databases: Databases, redis_url: str, packages: tuple[str, ...], settings: Mapping[str, str], folder: Path
    ):
        self._stack = ExitStack()
        self._folder = folder
        self._packages = packages
        self._databases = databases
        self._database = self._stack.enter_context(databases.create())
        # Processes that were killed are still listed there as alive for a while.
        with Redis.from_url(redis_url) as redis:
            redis.flushall()
        self.ini: dict[str, str] = {
            "pyramid.includes": "\n".join(packages),
            "tms.environment": "development",
            "tms.state_dir": str(folder),
            "tms.database_url": databases.url_of(self._database),
            "tms.redis_url": redis_url,
            # A busy machine must not look like an unavailable Redis.
            "tms.redis_timeout": "2",
            **(NOTIFICATIONS if "tms_notifications" in packages else {}),
            # Lines of the access log, written a moment later, would appear among pytest's own.
            "tms.access_log": "false",
            # Tests send more requests than users do.
            **({"tms.api.limit_user": "0", "tms.api.limit_address": "0"} if "tms_api" in packages else {}),
            **settings,
        }
        self._processes: dict[str, Any] = {}

    @cached_property
    def ini_file(self) -> Path:
        """The settings as an ini file, for commands and processes."""
        lines = (f"{key} = {value}".replace("\n", "\n  ").replace("%", "%%") for key, value in self.ini.items())
        path = self._folder / "test.ini"
        path.write_text("\n".join(["[app:main]", "use = egg:tms-core", *lines]))
        return path

    @cached_property
    def runtime_and_app(self) -> tuple[Runtime, TestApp]:
        config = configure(self.ini, web=True)
        runtime: Runtime = config.registry.tms
        self._stack.callback(runtime.close)
        self._databases.migrate(self._database, self._packages, runtime)
        return runtime, CheckedApp(config.make_wsgi_app())

    def process(self, name: str, start: Callable[[ExitStack], Any]) -> Any:
        """Return what `start` returned when the process of that name was started; it ends with the deployment."""
        if name not in self._processes:
            self._processes[name] = start(self._stack)
        return self._processes[name]

    def close(self) -> None:
        self._stack.close()


class Deployments:
    """Makes deployments, one at a time, since they have one Redis. A shared one is kept until another is asked for."""

    def __init__(self, make: Callable[[tuple[str, ...], Mapping[str, str]], Deployment]):
        self._make = make
        self._kept: tuple[Any, Deployment] | None = None

    @contextmanager
    def use(self, packages: tuple[str, ...], settings: Mapping[str, str], *, is_shared: bool) -> Iterator[Deployment]:
        key = (packages, frozenset(settings.items()))
        if self._kept and not (is_shared and self._kept[0] == key):
            self.close()
        if not is_shared:
            with closing(self._make(packages, settings)) as deployment:
                yield deployment
            return
        if self._kept is None:
            self._kept = key, self._make(packages, settings)
        yield self._kept[1]

    def close(self) -> None:
        if self._kept:
            self._kept[1].close()
            self._kept = None
