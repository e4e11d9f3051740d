"""`tms doctor`: what is wrong with this deployment, and what to do about it.

A package adds a check by `config.add_doctor_check("mail", "tms_x.doctor:check_mail")`; it gets the runtime and
yields findings. What stops it (database, Redis or network away) becomes a finding by itself.
"""

from tms_core.doctor.findings import Finding, Level, bad, fine, warning

__all__ = ["Finding", "Level", "bad", "fine", "warning"]
