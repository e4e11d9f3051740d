"""Webhooks: signed HTTP requests about changes of tasks, to URLs that users register."""

from tms_webhooks.settings import WebhookSettings


def includeme(config):
    config.add_tms_settings(WebhookSettings)
    config.add_error_codes("tms_webhooks.error_codes")
    config.add_migrations("webhooks", "tms_webhooks:migrations/versions")
    config.add_event_sink("webhooks", "tms_webhooks.sink:WebhookSink")
    config.add_process("webhooks", ["webhooks"])
    config.add_doctor_check("webhooks", "tms_webhooks.doctor:check_webhooks")
    config.add_metrics("webhooks", "tms_webhooks.metrics:collect")
    config.add_index_link("webhooks", "/api/webhooks")
    config.add_web_module("tms_webhooks:static/web")
    config.include_web("tms_webhooks.resources")
    config.include_web("tms_webhooks.delivery_resources")
