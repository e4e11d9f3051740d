"""Webhook settings."""

from tms_core.settings_base import SettingsGroup, setting


class WebhookSettings(SettingsGroup, prefix="tms.webhooks"):
    allow_private: bool = setting(
        False, help="Allow URLs whose host has a loopback, private, link-local or other non-public address."
    )
    require_https: bool = setting(False, help="Refuse URLs that begin with http://.")
    most_per_user: int = setting(20, help="Webhooks per user.", ge=1, le=1000)
    timeout: float = setting(
        15.0,
        help="Seconds that one delivery may take, from the look-up of the host to the end of the answer.",
        gt=0,
        le=120,
    )
    concurrency: int = setting(10, help="Deliveries to one webhook at the same time, of different tasks.", ge=1, le=100)
    give_up_hours: float = setting(
        24.0, help="Hours after which a delivery that keeps failing becomes a dead letter.", gt=0, le=720
    )
    disable_days: float = setting(
        5.0, help="Days without a success after which a failing webhook is turned off; 0: never.", ge=0, le=365
    )
    keep_days: float = setting(30.0, help="Days for which ended deliveries stay in the log.", ge=1, le=3650)
    secret_overlap_hours: float = setting(
        24.0, help="Hours in which deliveries are signed with the previous secret too, after a rotation.", ge=0, le=720
    )
    poll_interval: float = setting(
        1.0, help="Seconds between checks for due deliveries; new events are also announced through Redis.", gt=0, le=60
    )
