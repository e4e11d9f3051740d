"""The checks of `tms doctor`, which reports problems of a deployment and their remedies.

Packages add checks by `config.add_doctor_check("mail", "tms_x.doctor:check_mail")`. A check is called with the runtime
and yields findings; connection errors (database, Redis, network) are converted to findings.
"""

from tms_core.doctor.findings import Finding, Level, bad, fine, warning

__all__ = ["Finding", "Level", "bad", "fine", "warning"]
