"""A whole system on this machine: checked, prepared, and run by the supervisor."""

import sys
from contextlib import suppress
from importlib import import_module

from tms_core.commands.invocation import Invocation, fail
from tms_core.processes.orphans import adopt_orphans
from tms_core.runtime import Runtime
from tms_local.banner import banner
from tms_local.demo.safety import NOT_EMBEDDED, has_private_database
from tms_local.embedded.state import StateDirectory
from tms_local.process_specs import embedded_servers, jobs, processes, require_ports
from tms_local.supervisor import MergedLog, ProcessRecord, Supervisor
from tms_local.supervisor.fork_server import create_fork_server
from tms_local.supervisor.supervisor import OWN_NAME

# Modules that several services use. Without prometheus_client, which chooses its multiprocess mode on import, and
# without modules that only the API or only realtime uses.
SHARED = (
    "alembic.command",
    "argon2",
    "celery.app.amqp",
    "celery.apps.beat",
    "celery.apps.worker",
    "celery.concurrency.prefork",
    "cornice",
    "jinja2",
    "kombu.transport.redis",
    "limits.strategies",
    "psycopg2.extras",
    "pyramid_jwt",
    "pyramid_retry",
    "pyramid_tm",
    "sqlalchemy.dialects.postgresql.psycopg2",
    "tms_core.app",
    "tms_core.celery",
    "tms_core.commands",
    "tms_core.migrations_runner",
    "tms_core.relay.relay",
    "uvicorn.protocols.http.httptools_impl",
    "zope.sqlalchemy",
)


def run(invocation: Invocation, given: dict[str, str], *, demo: bool) -> None:
    """Run the system; never returns. `given` holds the environment variables that commands in other terminals need to
    find this system."""
    adopt_orphans()
    runtime = invocation.bootstrap()
    if demo and not has_private_database(runtime):
        fail(NOT_EMBEDDED)
    state = StateDirectory(runtime.core.state_dir)
    state.prepare()
    with state.lock():
        sys.exit(_supervise(runtime, state, given, demo=demo))


def _supervise(runtime: Runtime, state: StateDirectory, given: dict[str, str], *, demo: bool) -> int:
    record = ProcessRecord(state.path / "processes.json")
    log = MergedLog([OWN_NAME])
    record.end_leftovers(lambda text: log.line(OWN_NAME, text))
    require_ports(runtime)
    servers = embedded_servers(runtime, state)
    # The fork server imports while the database servers are prepared.
    forks = create_fork_server(_load)
    for server in servers:
        server.initialise()
    stages = [[spec] for spec in (*(server.process() for server in servers), *jobs(demo=demo))]
    stages.append(processes(runtime))
    log = MergedLog([OWN_NAME, *(spec.name for stage in stages for spec in stage)])
    return Supervisor(
        stages, log, on_ready=lambda: log.write(banner(runtime, state, given, demo=demo)), forks=forks, record=record
    ).run()


def _load() -> None:
    for module in SHARED:
        # Some of these belong to optional packages.
        with suppress(ModuleNotFoundError):
            import_module(module)
