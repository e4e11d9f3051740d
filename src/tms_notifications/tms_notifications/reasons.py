"""Why a notification is, or is not, sent as a mail: the codes of the ledger."""

from enum import StrEnum


class Reason(StrEnum):
    # Suppressed.
    PREFERENCE_OFF = "preference_off"
    OWN_CHANGE = "own_change"
    MUTED = "muted"
    DEACTIVATED = "deactivated"
    CHANGED_BACK = "changed_back"
    NOT_VISIBLE = "not_visible"
    NOT_OPEN = "not_open"
    DROPPED = "dropped"
    # Waiting.
    COALESCING = "coalescing"
    QUEUED = "queued"
    RETRYING = "retrying"
    ADDRESS_UNPROVED = "address_unproved"
    # Digest.
    PREFERENCE_DIGEST = "preference_digest"
    HOURLY_LIMIT = "hourly_limit"
    # Coalesced.
    SAME_TASK = "same_task"
    INCLUDED = "included"
    # Failed.
    NOT_DELIVERED = "not_delivered"
    # Sent.
    SENT = "sent"


SENTENCES = {
    Reason.PREFERENCE_OFF: "Mails of this kind are turned off.",
    Reason.OWN_CHANGE: "It is the user's own change, and mails about these are turned off.",
    Reason.MUTED: "The user has muted the task.",
    Reason.DEACTIVATED: "The account is not active.",
    Reason.CHANGED_BACK: "The changes were taken back before a mail was sent.",
    Reason.NOT_VISIBLE: "The user may no longer see the task.",
    Reason.NOT_OPEN: "The task was not open, or not the user's, any more.",
    Reason.DROPPED: "The mail is not wanted any more.",
    Reason.COALESCING: "The mail waits for further changes of the task.",
    Reason.QUEUED: "The mail waits for a worker.",
    Reason.RETRYING: "The mail server did not accept the mail yet; it is tried again.",
    Reason.ADDRESS_UNPROVED: "Mails wait until the address is confirmed.",
    Reason.PREFERENCE_DIGEST: "It is in the daily digest.",
    Reason.HOURLY_LIMIT: "There were too many mails within an hour; it is in a mail that lists the others.",
    Reason.SAME_TASK: "It is in one mail with other changes of the task.",
    Reason.INCLUDED: "It is in one mail with others.",
    Reason.NOT_DELIVERED: "The mail could not be delivered.",
    Reason.SENT: "The mail server has accepted the mail.",
}
