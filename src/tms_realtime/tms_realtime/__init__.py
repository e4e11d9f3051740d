"""Live task changes over WebSocket and Server-Sent Events: the event sink and the realtime process."""

from tms_core.runtime import Runtime
from tms_realtime.settings import RealtimeSettings


def _port(runtime: Runtime) -> int:
    return runtime.settings(RealtimeSettings).port


def _url(runtime: Runtime) -> str:
    return f"ws://localhost:{_port(runtime)}/ws/tasks/"


def _listens(runtime: Runtime) -> list[tuple[str, str, int]]:
    settings = runtime.settings(RealtimeSettings)
    ports = {"tms.realtime.port": settings.port, "tms.realtime.status_port": settings.status_port}
    return [(key, settings.host, port) for key, port in ports.items()]


def includeme(config):
    config.add_tms_settings(RealtimeSettings)
    config.add_error_codes("tms_realtime.error_codes")
    config.add_event_sink("realtime", "tms_realtime.sink:RealtimeSink")
    config.add_metrics("realtime", "tms_realtime.connection_counts:collect")
    config.add_doctor_check("realtime", "tms_realtime.doctor:check_processes")
    config.add_process("realtime", ["realtime"], port=_port, listens=_listens, label="WebSocket", url=_url)
    config.add_token_scope("tasks:read", "POST /api/ws-ticket")
    config.add_index_link("events_ticket", "/api/ws-ticket")
    config.add_web_option("realtimeUrl", "tms_realtime.resources:socket_url", is_connected=True)
    config.add_web_module("tms_realtime:static/web")
    config.include_web("tms_realtime.resources")
    config.include_web("tms_realtime.client_script")
