"""What happened to a message, over HTTP."""

from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from mailsync.api import lookup
from mailsync.api.errors import ApiError
from mailsync.api.sync import ACCOUNT
from mailsync.models import Change, Message
from syncjobs.pagination import KeysetPagination
from syncjobs.schema import PageSchema
from syncjobs.serializers import moment


class ChangeSchema(serializers.Serializer):
    """A line of a message's log."""

    id = serializers.IntegerField()
    at = serializers.DateTimeField()
    kind = serializers.ChoiceField(choices=Change.Kind.values)
    labels_added = serializers.ListField(child=serializers.CharField())
    labels_removed = serializers.ListField(child=serializers.CharField())
    history_id = serializers.IntegerField()
    task_id = serializers.CharField()


class ChangeList(PageSchema):
    """One page of a message's log."""

    results = ChangeSchema(many=True)


def change_json(change: Change) -> dict[str, Any]:
    """The contract's JSON of a line."""
    return {
        "id": change.pk,
        "at": moment(change.at),
        "kind": change.kind,
        "labels_added": change.labels_added,
        "labels_removed": change.labels_removed,
        "history_id": change.history_id,
        "task_id": change.task_id,
    }


def log_of(request: Request, gmail_id: str) -> QuerySet[Change]:
    """The log of a message, which may itself be gone; the same id in two accounts is told apart by `account`."""
    mine = lookup.accounts(request)
    for model in (Message, Change):  # also a message without a log is known
        known = model._default_manager.filter(account__in=mine, gmail_id=gmail_id).order_by("pk")
        account = known.values_list("account", flat=True).first()
        if account is not None:
            return Change.objects.filter(account=account, gmail_id=gmail_id)
    raise ApiError(404, "not_found", "There is no such message.")


class Changes(APIView):
    """The log of a message."""

    @extend_schema(operation_id="messages_changes", parameters=[ACCOUNT], responses=ChangeList)
    def get(self, request: Request, gmail_id: str) -> Response:
        """One page of what happened to it, newest first; it outlives the message."""
        pages = KeysetPagination()
        rows = pages.paginate_queryset(log_of(request, gmail_id), request)
        return pages.get_paginated_response([change_json(each) for each in rows])
