"""Conversations over HTTP."""

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from mailsync.api import lookup
from mailsync.api.errors import ApiError
from mailsync.api.messages import listed_json
from mailsync.api.schema import ThreadSchema
from mailsync.api.sync import ACCOUNT
from mailsync.models import Message

MOST_IN_THREAD = 500  # Gmail breaks a conversation at a hundred


class Thread(APIView):
    """One conversation."""

    @extend_schema(operation_id="threads_retrieve", parameters=[ACCOUNT], responses=ThreadSchema)
    def get(self, request: Request, thread_id: str) -> Response:
        """Its messages, oldest first."""
        mine = Message.objects.filter(account__in=lookup.accounts(request), thread_id=thread_id, deleted_at=None)
        rows = list(mine.order_by("internal_date", "gmail_id").defer("words", "defects")[:MOST_IN_THREAD])
        if not rows:
            raise ApiError(404, "not_found", "There is no such thread.")
        return Response({"thread_id": thread_id, "messages": [listed_json(each) for each in rows]})
