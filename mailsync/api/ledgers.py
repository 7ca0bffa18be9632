"""What an account owes, has proven, has spent, over HTTP."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from mailsync import debts, schedule
from mailsync.api import lookup
from mailsync.api.accounts import AccountView
from mailsync.api.schema import CertificateList, FailureList, StartAnswer, UsageList
from mailsync.models import Certificate, Failure, Usage
from syncjobs.idempotency import IDEMPOTENCY_KEY, idempotent
from syncjobs.pagination import KeysetPagination
from syncjobs.serializers import moment
from syncjobs.views import started, trigger_of


def failure_json(failure: Failure) -> dict[str, Any]:
    """The contract's JSON of a debt."""
    return {
        "gmail_id": failure.gmail_id,
        "code": failure.code,
        "reason": failure.reason,
        "attempts": failure.attempts,
        "first_at": moment(failure.first_at),
        "last_at": moment(failure.last_at),
        "next_try_at": moment(failure.next_try_at),
    }


def certificate_json(proof: Certificate) -> dict[str, Any]:
    """The contract's JSON of a proof."""
    return {
        "at": moment(proof.at),
        "task_id": proof.job,
        "history_id": proof.history_id,
        "listed": proof.listed,
        "mirrored": proof.mirrored,
        "missing_count": proof.missing_count,
        "owed_count": proof.owed_count,
        "missing": proof.missing,
        "complete": proof.complete,
        "labels_checked": proof.labels_checked,
        "labels_corrected": proof.labels_corrected,
        "bytes_checked": proof.bytes_checked,
        "bytes_damaged": proof.bytes_damaged,
    }


def usage_json(usage: Usage) -> dict[str, Any]:
    """The contract's JSON of a day's units."""
    return {"day": usage.day.isoformat(), "units": usage.units, "requests": usage.requests}


class Failures(AccountView):
    """The ledger of failures."""

    @extend_schema(operation_id="accounts_failures", responses=FailureList)
    def get(self, request: Request, pk: str) -> Response:
        """One page of messages that could not be mirrored yet."""
        pages = KeysetPagination()
        rows = pages.paginate_queryset(Failure.objects.filter(account=self.account(request, pk)), request)
        return pages.get_paginated_response([failure_json(each) for each in rows])


class RetryFailures(AccountView):
    """Pay the debts now."""

    throttle_scope = "start"

    @extend_schema(
        operation_id="accounts_failures_retry",
        parameters=[IDEMPOTENCY_KEY],
        request=None,
        responses={200: StartAnswer, 202: StartAnswer},
    )
    @idempotent
    def post(self, request: Request, pk: str) -> Response:
        """A sync that tries all of them again, also those that are not due yet."""
        try:
            return started(debts.retry(self.account(request, pk), trigger=trigger_of(request)))
        except (schedule.Paused, schedule.ReconnectNeeded) as error:
            raise lookup.refusal(error) from None


class Certificates(AccountView):
    """The proofs."""

    @extend_schema(operation_id="accounts_certificates", responses=CertificateList)
    def get(self, request: Request, pk: str) -> Response:
        """One page of proofs, newest first."""
        pages = KeysetPagination()
        rows = pages.paginate_queryset(Certificate.objects.filter(account=self.account(request, pk)), request)
        return pages.get_paginated_response([certificate_json(each) for each in rows])


class Usages(AccountView):
    """The units."""

    @extend_schema(operation_id="accounts_usage", responses=UsageList)
    def get(self, request: Request, pk: str) -> Response:
        """One page of days, newest first."""
        pages = KeysetPagination()
        rows = pages.paginate_queryset(Usage.objects.filter(account=self.account(request, pk)), request)
        return pages.get_paginated_response([usage_json(each) for each in rows])
