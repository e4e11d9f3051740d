"""The REST API: users, tokens and tasks."""

from tms_api.settings import ApiSettings

FORGET_EVERY_SECONDS = 3600.0
INDEX = {
    "description": "/api/openapi.json",
    "docs": "/api/docs",
    "token": "/api/token",
    "users": "/api/users",
    "tasks": "/api/task",
}


def includeme(config):
    config.add_tms_settings(ApiSettings)
    config.add_error_codes("tms_api.error_codes")
    config.add_migrations("api", "tms_api:migrations/versions")
    config.add_task_module("tms_api.tasks")
    config.add_beat_entry(
        "forget_idempotency_keys",
        task="tms.api.forget_idempotency_keys",
        schedule=lambda runtime: FORGET_EVERY_SECONDS,
    )
    config.add_beat_entry(
        "forget_ended_sessions", task="tms.api.forget_ended_sessions", schedule=lambda runtime: FORGET_EVERY_SECONDS
    )
    config.add_banner_line("REST API", "tms_api.banner:api_address")
    config.add_banner_line("Documentation", "tms_api.banner:docs_address")
    config.add_banner_steps("tms_api.banner:sign_in_steps")
    for name, path in INDEX.items():
        config.add_index_link(name, path)
    config.add_sign_in("tms_api.sign_in:SignIn")
    config.add_idempotency("tms_api.idempotency:execute_once")
    config.include("tms_api.scopes")
    config.include("tms_api.link_urls")
    config.include_web("tms_api.rate_limits.limiter")
    config.include_web("tms_api.rate_limits.quota")
    config.include_web("tms_api.resources")
