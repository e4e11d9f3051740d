"""The core of TMS: settings, database, event log and relay, security, and the `tms` command."""

import warnings

# Pyramid and Cornice still import pkg_resources; operators of TMS can do nothing about the warning.
warnings.filterwarnings("ignore", message="pkg_resources is deprecated", category=UserWarning)


def includeme(config):
    # Imported here so that `tms --help` does not load the settings.
    from tms_core.settings import CoreSettings

    config.include("tms_core.directives")
    config.add_tms_settings(CoreSettings)
    config.add_error_codes("tms_core.error_codes")
    config.add_migrations("core", "tms_core:migrations/versions")
    config.add_event_sink("cache", "tms_core.list_cache_sink:ListCacheSink")
    config.add_metrics("relay", "tms_core.relay.metrics:collect")
    config.include_web("tms_core.web")
