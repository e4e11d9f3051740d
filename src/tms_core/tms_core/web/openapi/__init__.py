"""The OpenAPI 3.1 document, generated from the decorators on resource methods and from their schemas.

`document` builds it; this module does not import Cornice.
"""

from tms_core.web.openapi.decorators import Header, Link, ResponseDoc, Tag, described, documented
from tms_core.web.openapi.parameters import Parameter, WholeNumber, names_of
from tms_core.web.openapi.problems import Problem
from tms_core.web.openapi.schemas import Nothing, ResponseSchema
from tms_core.web.openapi.validators import ETAG, IF_NONE_MATCH

__all__ = [
    "ETAG",
    "IF_NONE_MATCH",
    "Header",
    "Link",
    "Nothing",
    "Parameter",
    "Problem",
    "ResponseDoc",
    "ResponseSchema",
    "Tag",
    "WholeNumber",
    "described",
    "documented",
    "names_of",
]
