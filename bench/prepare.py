"""Migrates the database and adds the load generator's user as an administrator, who may change all tasks."""

from tms_core.app import bootstrap, default_ini
from tms_core.migrations_runner import upgrade
from tms_core.models import User
from tms_core.services.passwords import hash_password

# Larger than the ids in the data set.
USER = User(id=1001, username="bench", email="bench@example.com", is_admin=True)

runtime = bootstrap(default_ini())
upgrade(runtime)
USER.password_hash = hash_password("bench-pass-4711")
with runtime.transaction() as session:
    session.add(USER)
