"""Task changes over WebSocket: the sink that publishes them and the process that serves the clients."""

from tms_core.runtime import Runtime
from tms_realtime.settings import RealtimeSettings


def _port(runtime: Runtime) -> int:
    return runtime.settings(RealtimeSettings).port


def includeme(config):
    config.add_tms_settings(RealtimeSettings)
    config.add_event_sink("realtime", "tms_realtime.sink:RealtimeSink")
    config.add_metrics("realtime", "tms_realtime.census:collect")
    config.add_doctor_check("realtime", "tms_realtime.watching:check_processes")
    config.add_process("realtime", ["realtime"], port=_port)
    config.add_token_scope("tasks:read", "POST /api/ws-ticket")
    config.add_index_link("events_ticket", "/api/ws-ticket")
    config.include_web("tms_realtime.resources")
    config.include_web("tms_realtime.client_script")
