"""The whole system on this machine: `tms up` with embedded PostgreSQL and Valkey, and demo data."""

from tms_local.embedded.state import StateDirectory


def includeme(config):
    state = StateDirectory(config.registry.tms.core.state_dir)
    config.use_embedded_servers(database_url=state.database_url, redis_url=state.redis_url)
