"""The meta-distribution: `pip install '.[reports]'` in a checkout installs the core and that package.

It carries no code and is never uploaded; the name `tms` belongs to others.
"""

from pathlib import Path

from setuptools import setup

ROOT = Path(__file__).resolve().parent
PACKAGES = ("api", "realtime", "reports", "notifications", "webhooks", "web")


def member(name: str) -> str:
    return f"tms-{name} @ {(ROOT / 'src' / f'tms_{name}').as_uri()}"


setup(
    name="tms-suite",
    version="0.1.0",
    description="Task management system: all packages of a checkout",
    python_requires=">=3.11",
    license="MIT",
    py_modules=[],
    packages=[],
    install_requires=[member("core")],
    # «all» is all that a server may have; the client is for programs that talk to one, local runs a system on one
    # machine, testing is for authors of packages.
    extras_require={name: [member(name)] for name in (*PACKAGES, "client", "local", "testing")}
    | {"all": [member(name) for name in PACKAGES]},
)
