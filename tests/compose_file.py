"""Parses docker-compose.yml and the Dockerfile: commands, environment and timeouts of the services."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dotenv import dotenv_values
from ruamel.yaml import YAML

ROOT = Path(__file__).resolve().parent.parent
TEXT = (ROOT / "docker-compose.yml").read_text()
VARIABLE = re.compile(r"\$\{(?P<name>\w+)(?::(?P<kind>[?-])(?P<rest>[^}]*))?\}")
EXAMPLE = {name: value or "" for name, value in dotenv_values(ROOT / ".env.example").items()}
# Variables that a deployer must set.
FILLED_IN = {
    "POSTGRES_PASSWORD": "c64b1f0e9a7d",
    "TMS_JWT_PRIVATE_KEY": "7f3b9c0de1a24586b7e9d0c3f5a81267",
    "TMS_PUBLIC_URL": "https://tasks.example.com",
    "EMAIL_HOST": "127.0.0.1",
    "EMAIL_ID": "tms@example.com",
    "EMAIL_USE_TLS": "false",
}


@dataclass(frozen=True)
class Service:
    name: str
    command: list[str]
    environment: dict[str, str]
    grace: float
    needs: dict[str, str]
    healthcheck: list[str] | None


def services(dotenv: Mapping[str, str]) -> dict[str, Service]:
    """Return the services that run our image, as compose would start them with this `.env`."""
    image = image_settings()
    found = YAML(typ="safe").load(TEXT)["services"]
    return {name: _service(name, given, dotenv, image) for name, given in found.items() if "build" in given}


def variables() -> dict[str, tuple[str, str]]:
    """Return the variables that compose reads from `.env`: by name, `?` and a message, or `-` and a default."""
    return {found["name"]: (found["kind"] or "", found["rest"] or "") for found in VARIABLE.finditer(TEXT)}


def image_settings() -> dict[str, Any]:
    """Return ENV, HEALTHCHECK and USER of the image's last stage."""
    stage = (ROOT / "Dockerfile").read_text().replace("\\\n", " ").rpartition("\nFROM ")[2]
    lines = [line.split(maxsplit=1) for line in stage.splitlines()[1:] if line]
    env = dict(pair.split("=", 1) for instruction, rest in lines if instruction == "ENV" for pair in rest.split())
    (healthcheck,) = (rest.partition("CMD ")[2] for instruction, rest in lines if instruction == "HEALTHCHECK")
    (user,) = (rest for instruction, rest in lines if instruction == "USER")
    return {"env": env, "healthcheck": YAML(typ="safe").load(healthcheck), "user": user}


def _service(name: str, given: dict[str, Any], dotenv: Mapping[str, str], image: dict[str, Any]) -> Service:
    environment = {key: _filled(str(value), dotenv) for key, value in given["environment"].items()}
    check = given.get("healthcheck", {"test": ["CMD", *image["healthcheck"]]})
    return Service(
        name=name,
        command=given["command"],
        environment={**image["env"], **dotenv, **environment},
        grace=float(given.get("stop_grace_period", "10s").removesuffix("s")),
        needs={other: condition["condition"] for other, condition in given.get("depends_on", {}).items()},
        healthcheck=None if check.get("disable") else check["test"][1:],
    )


def _filled(text: str, dotenv: Mapping[str, str]) -> str:
    def value(found: re.Match[str]) -> str:
        given = dotenv.get(found["name"], "")
        if not given and found["kind"] == "?":
            raise LookupError(f"{found['name']} {found['rest']}")
        return given or found["rest"] or ""

    return VARIABLE.sub(value, text)
