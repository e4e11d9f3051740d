"""Consistency of docker-compose.yml, Dockerfile, .env.example and the code."""

import pytest
from compose_file import EXAMPLE, FILLED_IN, ROOT, TEXT, image_settings, services, variables

from tms_core.app import configure, read_ini
from tms_local.process_specs import CORE_PROCESSES


def test_every_process_has_a_service():
    given = {**EXAMPLE, **FILLED_IN}
    runtime = configure(
        read_ini(str(ROOT / "production.ini"))
        | {
            "tms.database_url": "postgresql://tms@db/tms",
            "tms.redis_url": "redis://redis",
            "tms.jwt_private_key": given["TMS_JWT_PRIVATE_KEY"],
            "tms.public_url": given["TMS_PUBLIC_URL"],
            "tms.notifications.email_host": given["EMAIL_HOST"],
            "tms.notifications.email_id": given["EMAIL_ID"],
        },
        web=False,
    ).registry.tms
    wanted = {"migrate", "api", *CORE_PROCESSES, *(entry.name for entry in runtime.registry.processes.values())}

    commands = {service.name: service.command for service in services(given).values()}

    assert set(commands) == wanted
    assert all(command[0] == "tms" for command in commands.values())


def test_no_secret_has_a_default():
    secrets = {name for name in variables() if any(word in name for word in ("PASSWORD", "KEY", "TOKEN"))}

    assert secrets == {"POSTGRES_PASSWORD", "TMS_JWT_PRIVATE_KEY"}
    assert {variables()[name][0] for name in secrets} == {"?"}
    assert {EXAMPLE[name] for name in EXAMPLE if any(word in name for word in ("PASSWORD", "KEY", "TOKEN"))} == {""}


def test_required_variables_are_in_the_example_and_named_if_missing():
    required = {name for name, (kind, _) in variables().items() if kind == "?"}

    assert required <= EXAMPLE.keys()
    for name in required:
        with pytest.raises(LookupError, match=f"{name} .*set it in .env"):
            services({**EXAMPLE, **FILLED_IN, name: ""})


def test_the_example_has_only_variables_that_are_used():
    runtime = configure(read_ini(str(ROOT / "testing.ini")), web=False).registry.tms
    settings = {declared.env for group in runtime.groups for declared in group.declarations()}

    assert EXAMPLE.keys() <= settings | variables().keys()


def test_our_services_run_unprivileged_and_listen_on_loopback_by_default():
    assert image_settings()["user"] == "10001"
    assert TEXT.count("cap_drop: [ALL]") == TEXT.count("build: .") == 1
    assert {variables()[f"{name}_ADDRESS"] for name in ("API", "REALTIME")} == {
        ("-", "127.0.0.1:8000"),
        ("-", "127.0.0.1:8001"),
    }
