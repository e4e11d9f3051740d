"""The base of every package's resources: security, transactions, problem+json, validation, health checks."""


def includeme(config):
    config.add_settings({
        "handle_exceptions": "false",
        "tm.manager_hook": "pyramid_tm.explicit_manager",
        "tm.annotate_user": "false",
        "tm.activate_hook": "tms_core.web.transactions.may_write",
        "retry.attempts": 3,
        "retry.activate_hook": "tms_core.web.transactions.attempts",
    })  # fmt: skip
    for part in (
        ".route_index",
        "pyramid_retry",
        "pyramid_tm",
        "cornice",
        ".request_class",
        ".view_selection",
        ".tweens",
        ".caching",
        ".transactions",
        ".security",
        ".revalidation",
        ".expensive_reads",
        ".disconnection",
        ".preconditions",
        ".request_limits",
        ".batch_lookups",
        ".problems",
        ".health",
        ".metrics",
        ".index",
        ".site_files",
    ):
        config.include(part)
