"""Texts of the errors that the pages of mailed links show, by error code.

Errors with other codes are shown as `OTHER`: the texts of problem documents are English.
"""

from tms_api.error_codes import LINK_INVALID, NO_MAILS_OFFERED
from tms_core import error_codes as codes
from tms_core.catalogues import N_
from tms_core.error_codes import ErrorCode

# Parameters of the codes are in braces.
ERROR_TEXTS: dict[ErrorCode, str] = {
    LINK_INVALID: N_("This link has been used or has expired. Request another one."),
    NO_MAILS_OFFERED: N_("This server sends no mails about accounts. Ask an administrator for help."),
    codes.TOO_SHORT: N_("The password must have at least {minimum} characters."),
    codes.TOO_LONG: N_("The password may have at most {maximum} characters."),
    codes.NUL_CHARACTER: N_("The password has a character that is not allowed."),
    codes.EMAIL_TAKEN: N_("Another account has the address now. Ask an administrator for help."),
    codes.RATE_LIMITED: N_("Too many attempts. Try again in {seconds} seconds."),
    codes.SERVER_BUSY: N_("The server is busy. Try again in a few seconds."),
    codes.UNAVAILABLE: N_("The server is not available. Try again in a few seconds."),
    codes.DATABASE_AWAY: N_("The server is not available. Try again in a few seconds."),
    codes.TRANSACTION_CONFLICT: N_("Another change came at the same time. Try again in a few seconds."),
    codes.OUTCOME_UNKNOWN: N_("The connection broke. Try again; if the link has been used, the change was made."),
}
OTHER = N_("The server has reported an error. Try again later.")
AWAY = N_("The server does not respond. Try again in a minute.")
