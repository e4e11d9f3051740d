"""The documentation of the resources for administrators."""

from tms_api.schemas.administration import Findings, Settings, System
from tms_core.web.openapi import documented

ONLY_ADMINISTRATORS = "The caller is not an administrator."

list_settings = documented(
    "list_settings", query=(), responses={200: Settings, 403: ONLY_ADMINISTRATORS}, needs_database=False
)

get_system = documented("get_system", query=(), responses={200: System, 403: ONLY_ADMINISTRATORS})

examine_deployment = documented(
    "examine_deployment",
    query=(),
    responses={200: Findings, 403: ONLY_ADMINISTRATORS},
)
