"""What the packages have registered for the page: import map, styles, modules and configuration.

URLs begin with `base`, the path under which a proxy serves TMS, which is usually empty.
"""

from collections.abc import Iterator, Sequence
from typing import Any

from tms_core.errors import ConfigurationError
from tms_core.registry import Registry, resolve
from tms_web.assets import PREFIX
from tms_web.frontends import Frontend
from tms_web.settings import WebSettings

SHELL = "tms_web"


class Modules:
    def __init__(self, frontends: Sequence[Frontend], registry: Registry):
        self.shell = next(one for one in frontends if one.package == SHELL)
        self._others = [one for one in frontends if one is not self.shell]
        self._offers_mail = registry.account_mailer is not None
        self._scopes = sorted(set(registry.scopes.values()))
        self._options = {name: (resolve(one.value), one.is_connected) for name, one in registry.web_options.items()}
        for frontend in self._others:
            if frontend.imports:
                # One import map for all: a module of one package must not replace one of another's.
                raise ConfigurationError(f"the manifest of {frontend.package} has imports, which only {SHELL} may have")

    def imports(self, base: str) -> dict[str, str]:
        return {name: _url(base, self.shell, file) for name, file in self.shell.imports.items()}

    def styles(self, base: str) -> Iterator[str]:
        for frontend in (self.shell, *self._others):
            for name in frontend.styles:
                yield _url(base, frontend, name)

    def preloads(self, base: str) -> list[str]:
        """Return the URLs of the modules that every page loads, so that the browser does not find them one after the
        other."""
        return [
            *(_url(base, self.shell, name) for name in self.shell.preloads),
            *(_url(base, one, one.entry) for one in self._others),
        ]

    def inline_script(self) -> str:
        """Return the script that the page runs before it loads the others."""
        return self.shell.files[self.shell.inline].decode() if self.shell.inline else ""

    def config(self, request) -> dict[str, Any]:
        """Return the configuration that the scripts read from the page."""
        runtime, base = request.registry.tms, request.script_name
        return {
            "base": base,
            "modules": [_url(base, one, one.entry) for one in self._others],
            "registration": runtime.core.registration,
            "passwordReset": self._offers_mail,
            "timezone": runtime.core.timezone,
            "scopes": self._scopes,
            "images": list(runtime.settings(WebSettings).images),
            **{name: value(request) for name, (value, _) in self._options.items()},
        }

    def connects(self, request) -> list[str]:
        """Return the URLs that scripts may connect to besides those of this host."""
        return [value(request) for value, is_connected in self._options.values() if is_connected]


def _url(base: str, frontend: Frontend, name: str) -> str:
    return f"{base}{PREFIX}/{frontend.package}/{name}"
