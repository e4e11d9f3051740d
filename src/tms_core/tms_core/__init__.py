"""The core of TMS: settings, database, event log and relay, security, and the `tms` command."""

import warnings

# Pyramid and Cornice still import pkg_resources; whoever runs TMS can do nothing about its warning.
warnings.filterwarnings("ignore", message="pkg_resources is deprecated", category=UserWarning)


def includeme(config):
    # Here, so that a process that only looks at a command's help loads no settings.
    from tms_core.settings import CoreSettings

    config.include("tms_core.directives")
    config.add_tms_settings(CoreSettings)
    config.add_migrations("core", "tms_core:migrations/versions")
    config.add_event_sink("cache", "tms_core.list_cache_version:ListCacheSink")
    config.add_metrics("relay", "tms_core.relay.metrics:collect")
    config.include_web("tms_core.web")
