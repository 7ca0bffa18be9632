"""Labels with their counts over HTTP."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from mailsync.api import lookup
from mailsync.api.schema import LabelList
from mailsync.api.sync import ACCOUNT
from mailsync.models import Account, Label, LabelCount
from syncjobs.pagination import KeysetPagination

Counts = dict[tuple[int, str], tuple[int, int]]


class LabelPages(KeysetPagination):
    """Labels, newest first; a mailbox has thousands at most."""

    page_size = 200


def counts(accounts: list[Account]) -> Counts:
    """(total, unread) by account and label id, in one query."""
    rows = LabelCount.objects.labels_of(accounts).values_list("account", "label_id", "total", "unread")
    return {(account, label): (total, unread) for account, label, total, unread in rows}


def label_json(label: Label, counted: Counts) -> dict[str, Any]:
    """The contract's JSON of a label."""
    total, unread = counted.get((label.account_id, label.label_id), (0, 0))
    return {
        "id": label.label_id,
        "account": label.account_id,
        "name": label.name,
        "type": label.type,
        "total": total,
        "unread": unread,
    }


class Labels(APIView):
    """The labels of the user's mailboxes."""

    @extend_schema(operation_id="labels_list", parameters=[ACCOUNT], responses=LabelList)
    def get(self, request: Request) -> Response:
        """One page of labels."""
        accounts = list(lookup.accounts(request))
        pages = LabelPages()
        rows = pages.paginate_queryset(Label.objects.filter(account__in=accounts), request)
        counted = counts(accounts)
        return pages.get_paginated_response([label_json(label, counted) for label in rows])
