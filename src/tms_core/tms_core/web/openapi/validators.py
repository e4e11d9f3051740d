"""Entity tags in the OpenAPI document; `tms_core.web.preconditions` compares them."""

from tms_core.web.openapi.decorators import Header, ResponseDoc
from tms_core.web.openapi.parameters import Parameter

ETAG = Header("ETag", "Entity tag of the response, for If-None-Match and If-Match.", '"3"')
IF_NONE_MATCH = Parameter(
    name="If-None-Match",
    where="header",
    help="ETags that the client has cached; if one is current, the response is 304.",
    example='"3"',
    responses={304: ResponseDoc(None, "The cached response is current.", headers=(ETAG,))},
)
