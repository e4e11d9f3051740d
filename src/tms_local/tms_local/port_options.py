"""The options of `tms up` for ports: --NAME-port for each entry of the entry point group `tms.ports`.

An entry names a package, as `realtime = "tms_realtime"`: --realtime-port then sets tms.realtime.port.
"""

from dataclasses import dataclass
from functools import cache
from importlib.metadata import entry_points

GROUP = "tms.ports"


@dataclass(frozen=True)
class PortOption:
    name: str
    key: str

    @property
    def flag(self) -> str:
        return f"--{self.name}-port"

    @property
    def parameter(self) -> str:
        """The name of the option's value among the arguments of the command."""
        return f"{self.name.replace('-', '_')}_port"

    @property
    def variable(self) -> str:
        return self.key.upper().replace(".", "_")


@cache
def port_options() -> tuple[PortOption, ...]:
    """Return the options: that of `tms api`, then those of installed packages."""
    of_packages = sorted(entry_points(group=GROUP), key=lambda entry: entry.name)
    return (
        PortOption("api", "tms.api_port"),
        *(PortOption(entry.name, f"{entry.module.replace('_', '.', 1)}.port") for entry in of_packages),
    )
