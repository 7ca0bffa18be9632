"""The ways back from the main plan: start and forget, look only, recent mail only."""

from collections.abc import Callable
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from mailsync import windows
from mailsync.api import lookup
from mailsync.api.reach import gmail_answers
from mailsync.api.schema import CheckAnswer, SimpleAnswer, StartAnswer
from mailsync.api.sync import ACCOUNT, request_scope, start
from mailsync.look import new_mail
from mailsync.status import message_of
from mailsync.sync.scopes import WINDOW
from syncjobs.admission import Scope
from syncjobs.idempotency import IDEMPOTENCY_KEY, idempotent
from syncjobs.serializers import moment

ZONE = OpenApiParameter("tz", OpenApiTypes.STR, description="IANA time zone; without it the user's own.")


class Simple(APIView):
    """Start and forget."""

    throttle_scope = "start"

    @extend_schema(
        operation_id="sync_simple",
        parameters=[ACCOUNT, IDEMPOTENCY_KEY],
        request=None,
        responses={202: SimpleAnswer},
    )
    @idempotent
    def post(self, request: Request) -> Response:
        """The same job as smart; the account tells later how it went."""
        account = lookup.account(request)
        request_scope(request, account, None)
        account.refresh_from_db()
        return Response({"success": True, "message": message_of(account)}, status=202)


class Check(APIView):
    """Look only."""

    @extend_schema(operation_id="sync_check", parameters=[ACCOUNT], responses=CheckAnswer)
    def get(self, request: Request) -> Response:
        """How many messages Gmail has that the mirror lacks."""
        account = lookup.account(request)
        with gmail_answers():
            found = new_mail(account)
        return Response({"success": True, "new_count": found.new, "as_of": moment(found.as_of)})


class Today(APIView):
    """Since midnight."""

    throttle_scope = "start"

    @extend_schema(
        operation_id="sync_today",
        parameters=[ACCOUNT, ZONE, IDEMPOTENCY_KEY],
        request=None,
        responses={200: StartAnswer, 202: StartAnswer},
    )
    @idempotent
    def post(self, request: Request) -> Response:
        """Fetch today's mail, quickly; an active wider job covers it."""
        return _window(request, windows.today)


class Week(APIView):
    """Since Monday."""

    throttle_scope = "start"

    @extend_schema(
        operation_id="sync_week",
        parameters=[ACCOUNT, ZONE, IDEMPOTENCY_KEY],
        request=None,
        responses={200: StartAnswer, 202: StartAnswer},
    )
    @idempotent
    def post(self, request: Request) -> Response:
        """Fetch this week's mail, quickly; an active wider job covers it."""
        return _window(request, windows.this_week)


def _window(request: Request, begin: Callable[[datetime, ZoneInfo], int]) -> Response:
    zone = lookup.zone(request)
    return start(request, lookup.account(request), Scope(WINDOW, {"after": begin(datetime.now(UTC), zone)}))
