"""Start syncs, ask how they stand."""

import threading

from django.utils.translation import gettext as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from mailsync import batch, schedule, status
from mailsync.api import lookup
from mailsync.api.errors import ApiError
from mailsync.api.reach import gmail_answers, one_of_few
from mailsync.api.schema import BatchAnswer, StartAnswer, StatusAnswer
from mailsync.models import Account
from mailsync.outcome import GRANT_IS_DEAD
from mailsync.sync.scopes import FULL, MORE_TO_DO
from syncjobs.admission import Scope
from syncjobs.idempotency import IDEMPOTENCY_KEY, idempotent
from syncjobs.lifecycle import Answer
from syncjobs.serializers import job_json
from syncjobs.states import Phase
from syncjobs.texts import text
from syncjobs.views import started, trigger_of

ACCOUNT = OpenApiParameter("account", OpenApiTypes.INT, description="Which account; without it the only one is meant.")
MOST_BATCHES = 4  # at once per web process: each holds a thread for up to 25 s

BATCHES = threading.BoundedSemaphore(MOST_BATCHES)


def request_scope(request: Request, account: Account, scope: Scope | None) -> Answer:
    """The job that does it; what cannot be synced now is a 409."""
    try:
        return schedule.request_scope(account, scope, trigger=trigger_of(request))
    except (schedule.Paused, schedule.ReconnectNeeded) as error:
        raise lookup.refusal(error) from None


def start(request: Request, account: Account, scope: Scope | None) -> Response:
    """The answer of every plan that leaves the work to a job."""
    return started(request_scope(request, account, scope))


class Smart(APIView):
    """The main plan."""

    throttle_scope = "start"

    @extend_schema(
        operation_id="sync_smart",
        parameters=[ACCOUNT, OpenApiParameter("force_full", OpenApiTypes.BOOL), IDEMPOTENCY_KEY],
        request=None,
        responses={200: StartAnswer, 202: StartAnswer},
    )
    @idempotent
    def post(self, request: Request) -> Response:
        """Start a sync, or adopt the active one; never an error for a sync that is under way."""
        scope = Scope(FULL) if lookup.flag(request, "force_full", False) else None
        return start(request, lookup.account(request), scope)


class Batch(APIView):
    """The way that needs no worker."""

    throttle_scope = "batch"

    @extend_schema(
        operation_id="sync_batch",
        parameters=[ACCOUNT, OpenApiParameter("batch_size", OpenApiTypes.INT), IDEMPOTENCY_KEY],
        request=None,
        responses=BatchAnswer,
    )
    @idempotent
    def post(self, request: Request) -> Response:
        """Fetch the next messages within this request; call again while `has_more`."""
        account = lookup.account(request)
        size = lookup.number(request, "batch_size", 100, 1, 500)
        with one_of_few(BATCHES, _("Too many batches at once; try again in a moment.")), gmail_answers():
            result = batch.fetch_next(account, size, trigger=trigger_of(request))
        return Response(batch_json(result))


class Status(APIView):
    """How every account stands."""

    @extend_schema(operation_id="sync_status", parameters=[ACCOUNT], responses=StatusAnswer)
    def get(self, request: Request) -> Response:
        """All the user's accounts, or the one named."""
        return Response({"success": True, "accounts": status.of_accounts(list(lookup.accounts(request)))})


def batch_json(result: batch.BatchResult) -> dict:
    job = job_json(result.job)
    body = {"success": True, "synced_count": result.synced, "has_more": result.has_more, "message": job["message"]}
    if result.in_progress:
        return body | {"in_progress": True, "task_id": result.job.task_id, "retry_after": 5}
    if job["error"]:
        raise _batch_error(**job["error"])
    if not result.synced and result.job.phase == Phase.BACKING_OFF:
        raise _batch_error("gmail_unreachable", job["message"])
    if result.has_more:
        body["message"] = text(result.job.kind, MORE_TO_DO, {})
    return body | {"in_progress": False, "task_id": result.job.task_id}


def _batch_error(code: str, message: str) -> ApiError:
    if code in GRANT_IS_DEAD:
        return lookup.refusal(schedule.ReconnectNeeded())
    if code == "gmail_unreachable":
        return ApiError(503, "gmail_unavailable", message, retry_after=30)
    return ApiError(503, "sync_failed", message, retry_after=30)
