"""Saved views: filters, search, order, grouping and columns of a page of tasks under a name."""

from typing import Any

from tms_core.values import instant
from tms_core.web.openapi import Header, Link, Nothing, ResponseDoc, Tag, documented
from tms_core.web.public_url import absolute_url
from tms_core.web.resource import id_of, json_response, resource
from tms_core.web.validation import body_of, query_of
from tms_web.models import SavedView
from tms_web.schemas import NewSavedView, SavedViewChange, SavedViews
from tms_web.schemas import SavedView as SavedViewResponse
from tms_web.services.saved_views import SavedViewService, create_service

NOT_ALLOWED = "Only the owner or an administrator may change a shared view."
CONFLICT = "The user has another view of this name, or too many views."
LOCATION = Header("Location", "URL of the new view.", "https://tms.example.com/api/views/1")
ID = {"id": "$response.body#/id"}
LINKS = tuple(Link(name, ID) for name in ("get_view", "change_view", "delete_view"))


@resource(collection_path="/api/views", path=r"/api/views/{id:\d+}", name="saved-views")
class SavedViewResource:
    tag = Tag("Views", "Saved views of the web UI, private or shared with all users.")

    def __init__(self, request, context=None):
        self.request = request

    @property
    def views(self) -> SavedViewService:
        return create_service(self.request.db, self.request.actor)

    @documented("list_views", query=(), responses={200: SavedViews})
    def collection_get(self):
        """List the caller's views, and the shared ones of others."""
        query_of(self.request, ())
        return self._answer({"views": [present_view(one) for one in self.views.list()]})

    @documented(
        "create_view",
        body=NewSavedView,
        responses={201: ResponseDoc(SavedViewResponse, headers=(LOCATION,), links=LINKS), 409: CONFLICT},
    )
    def collection_post(self):
        """Save a view."""
        view = self.views.create(body_of(self.request, NewSavedView).model_dump())
        location = absolute_url(self.request, f"/api/views/{view.id}")
        return self._answer(present_view(view), status=201, headers={"Location": location})

    @documented("get_view", query=(), responses={200: SavedViewResponse})
    def get(self):
        """Get a view."""
        query_of(self.request, ())
        return self._answer(present_view(self.views.get(id_of(self.request))))

    @documented(
        "change_view",
        body=SavedViewChange,
        responses={200: SavedViewResponse, 403: NOT_ALLOWED, 409: CONFLICT},
    )
    def patch(self):
        """Change a view. Fields that are left out keep their values."""
        view_id = id_of(self.request)
        values = body_of(self.request, SavedViewChange).model_dump(exclude_unset=True)
        return self._answer(present_view(self.views.change(view_id, values)))

    @documented("delete_view", responses={200: Nothing, 403: NOT_ALLOWED})
    def delete(self):
        """Delete a view."""
        self.views.delete(id_of(self.request))
        return json_response({})

    def _answer(self, body: dict[str, Any], *, status: int = 200, headers: dict[str, str] | None = None):
        return json_response(body, status=status, headers={"Cache-Control": "no-store", **(headers or {})})


def present_view(view: SavedView) -> dict[str, Any]:
    return {
        "id": view.id,
        "owner": view.user_id,
        "name": view.name,
        "page": view.page,
        "query": view.query,
        "columns": view.columns,
        "is_shared": view.is_shared,
        "created_at": instant(view.created_at),
        "updated_at": instant(view.updated_at),
    }
