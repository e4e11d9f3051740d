import click
from sqlalchemy import select


@click.command()
@click.pass_obj
def notes(invocation) -> None:
    """Print the notes."""
    from tms_foreign.models import ForeignNote

    runtime = invocation.bootstrap()
    with runtime.transaction() as session:
        for title in session.scalars(select(ForeignNote.title)):
            click.echo(title)
