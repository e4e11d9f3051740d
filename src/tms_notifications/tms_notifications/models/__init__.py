"""Tables of notifications: the ledger, the mail log and preferences."""

from tms_notifications.models.mails import (
    ACCOUNT_KINDS,
    LINK_KINDS,
    DailyDigestRun,
    MailKind,
    MailStatus,
    NotificationDue,
    NotificationLinkRequest,
    NotificationMail,
    NotificationRecipient,
)
from tms_notifications.models.notifications import Handling, Notification, NotificationKind
from tms_notifications.models.preferences import LANGUAGES, Delivery, NotificationMute, NotificationPreference

__all__ = [
    "ACCOUNT_KINDS",
    "LANGUAGES",
    "LINK_KINDS",
    "DailyDigestRun",
    "Delivery",
    "Handling",
    "MailKind",
    "MailStatus",
    "Notification",
    "NotificationDue",
    "NotificationKind",
    "NotificationLinkRequest",
    "NotificationMail",
    "NotificationMute",
    "NotificationPreference",
    "NotificationRecipient",
]
