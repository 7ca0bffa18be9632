"""Mail over HTTP."""

import threading
from importlib.metadata import version
from typing import Any

from django.http import HttpResponse, HttpResponseBase
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.negotiation import BaseContentNegotiation
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from mailsync import messages, raws, sanitise
from mailsync.api import lookup
from mailsync.api.errors import ApiError
from mailsync.api.parameters import LONGEST_LABEL, LONGEST_QUERY
from mailsync.api.reach import gmail_answers, one_of_few
from mailsync.api.schema import MessageList, MessageSchema
from mailsync.api.sync import ACCOUNT
from mailsync.models import Message, RawMessage
from mailsync.search import MailList, mail_list
from mailsync.search.newest import NewestFirst
from syncjobs.conditional import unless_known
from syncjobs.serializers import moment

MOST_FETCHES = 4  # at once per web process: each holds a thread for some seconds, and a message of up to 150 MiB
_fetches = threading.BoundedSemaphore(MOST_FETCHES)

READER = ["2", version("nh3")]  # raise it when parser or sanitiser show a mail otherwise that has not changed


class AnyAccept(BaseContentNegotiation):
    """Raw bytes answer whatever the client says it accepts."""

    def select_parser(self, request: Request, parsers: Any) -> Any:
        """The first."""
        return parsers[0]

    def select_renderer(self, request: Request, renderers: Any, format_suffix: Any = None) -> Any:
        """The first."""
        return renderers[0], renderers[0].media_type


def listed_json(message: Message) -> dict[str, Any]:
    """A message as lists show it."""
    return {
        "gmail_id": message.gmail_id,
        "thread_id": message.thread_id,
        "account": message.account_id,
        "labels": message.labels,
        "subject": message.subject,
        "from": {"name": message.sender_name, "email": message.sender_email},
        "to": message.to,
        "date": moment(message.date),
        "snippet": message.snippet,
        "size": message.size,
        "unread": "UNREAD" in message.labels,
        "has_attachments": message.has_attachments,
    }


def message_json(message: Message) -> dict[str, Any]:
    """A message alone, with its body."""
    mail = messages.body(message)
    return {
        **kept_json(message),
        "headers": [list(header) for header in mail.headers] if mail else [],
        "text": mail.text if mail else "",
        "html": sanitise.html(mail.html) if mail else "",
    }


def kept_json(message: Message) -> dict[str, Any]:
    """What a message alone shows without its bytes being read."""
    return {
        **listed_json(message),
        "cc": message.cc,
        "attachments": message.attachments,
        "internal_date": moment(message.internal_date),
        "history_id": message.history_id,
        "fidelity": message.fidelity,
    }


def made_of(message: Message) -> list[Any]:
    """What a message alone is a function of, by the digest of its bytes: nothing is unpacked, nothing parsed."""
    held = RawMessage.objects.filter(message=message).values_list("sha256", flat=True).first()
    return [kept_json(message), moment(message.deleted_at), bytes(held).hex() if held else None, READER]


def found(request: Request) -> MailList:
    """The user's mail narrowed by `account`, `label`, `q`."""
    q, label = lookup.text(request, "q", LONGEST_QUERY), lookup.text(request, "label", LONGEST_LABEL)
    return mail_list(list(lookup.accounts(request)), label, q)


def one(request: Request, gmail_id: str) -> Message:
    """One of the user's messages; the same id in two accounts is told apart by `account`."""
    row = Message.objects.filter(account__in=lookup.accounts(request), gmail_id=gmail_id).order_by("pk").first()
    if row is None:
        raise ApiError(404, "not_found", "There is no such message.")
    return row


def exact_bytes(message: Message) -> bytes:
    """What Gmail gave, or gives now: fetched and kept where it is not held yet."""
    held = messages.raw(message)
    if held is not None:
        return held
    with one_of_few(_fetches, "Too many originals are fetched at once; try again in a moment."), gmail_answers():
        try:
            return raws.raw(message)
        except raws.Unavailable:
            raise ApiError(404, "not_found", "Gmail no longer has the bytes of this message.") from None


class Messages(APIView):
    """The user's mail, newest first."""

    @extend_schema(
        operation_id="messages_list",
        parameters=[ACCOUNT, OpenApiParameter("q", OpenApiTypes.STR), OpenApiParameter("label", OpenApiTypes.STR)],
        responses=MessageList,
    )
    def get(self, request: Request) -> Response:
        """One page of what matches."""
        mail = found(request)
        pages = NewestFirst(mail)
        return pages.get_paginated_response([listed_json(each) for each in pages.paginate_queryset(mail.rows, request)])


class OneMessage(APIView):
    """One message."""

    @extend_schema(operation_id="messages_retrieve", parameters=[ACCOUNT], responses=MessageSchema)
    def get(self, request: Request, gmail_id: str) -> HttpResponseBase:
        """With headers, text, sanitised HTML."""
        message = one(request, gmail_id)
        return unless_known(request, made_of(message), lambda: message_json(message))


class Raw(APIView):
    """The exact bytes of a message."""

    content_negotiation_class = AnyAccept

    @extend_schema(
        operation_id="messages_raw", parameters=[ACCOUNT], responses={(200, "message/rfc822"): OpenApiTypes.BINARY}
    )
    def get(self, request: Request, gmail_id: str) -> HttpResponse:
        """Exactly what Gmail gave."""
        raw = exact_bytes(one(request, gmail_id))
        answer = HttpResponse(raw, content_type="message/rfc822")
        answer["Content-Disposition"] = f'attachment; filename="{gmail_id}.eml"'
        answer["X-Content-Type-Options"] = "nosniff"
        return answer
