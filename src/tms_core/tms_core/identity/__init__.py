"""Normalization of user names, e-mail addresses and passwords.

Registration, signing in, `tms user`, look-ups, mails and unique indexes use only these functions. Each `normalize_…` is
idempotent and raises ValueError with a message for the user. Each `…_key` accepts any text without raising and returns
equal keys for spellings of the same account.
"""
