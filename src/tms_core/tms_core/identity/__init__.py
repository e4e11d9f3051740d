"""Text that names or proves a person, normalised once: user names, e-mail addresses, passwords.

Registration, signing in, `tms user`, look-ups, mails and unique indexes use these functions and no others. Each
`normalize_…` is idempotent and raises ValueError with a sentence for the user; each `…_key` takes any text, raises
nothing, and gives equal keys for what is one account.
"""
