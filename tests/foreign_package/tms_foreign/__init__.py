"""What a package of somebody else looks like: notes down the title of every task that is created."""

from tms_foreign.settings import ForeignSettings


def includeme(config):
    config.add_tms_settings(ForeignSettings)
    config.add_migrations("foreign", "tms_foreign:migrations/versions")
    config.add_event_sink("foreign", "tms_foreign.sink:NotesSink")
    config.add_task_module("tms_foreign.tasks")
    config.add_beat_entry("forget_notes", task="foreign.forget_notes", schedule=lambda runtime: 3600.0)
    config.add_process("foreign", ["notes"], label="Notes", url=lambda runtime: "http://localhost:8002/notes")
    config.add_banner_line("Notes kept", "tms_foreign.watching:keeping")
    config.add_banner_steps("tms_foreign.watching:steps")
    config.add_readiness_check("foreign", "tms_foreign.watching:check_ready")
    config.add_doctor_check("foreign", "tms_foreign.watching:check_notes")
    config.add_metrics("foreign", "tms_foreign.watching:collect")
    config.add_token_scope("foreign:write", "DELETE /api/foreign-notes")
    config.add_web_module("tms_foreign:web")
    config.include_web("tms_foreign.resources")
