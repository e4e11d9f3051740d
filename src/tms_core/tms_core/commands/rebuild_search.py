import click
from sqlalchemy import text

from tms_core.commands.invocation import Invocation
from tms_core.list_cache_version import announce
from tms_core.migrations.search_table import build


@click.command()
@click.pass_obj
def rebuild_search(invocation: Invocation) -> None:
    """Repair the index that searches of tasks use."""
    runtime = invocation.bootstrap()
    with runtime.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("SET statement_timeout = 0"))
        build(connection, say=click.echo, rewrite=True)
        number = connection.scalar(text("SELECT count(*) FROM task_search"))
        # The setting must not stay with a connection of the pool.
        connection.invalidate()
    runtime.breaker.call(lambda: announce(runtime.direct_redis_long_timeout), None)
    click.echo(f"{number} tasks can be searched")
