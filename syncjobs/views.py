"""Jobs over HTTP."""

from typing import Any

from django.db.models import QuerySet
from django.http import HttpResponseBase
from django.shortcuts import get_object_or_404
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.exceptions import APIException, ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.utils.urls import replace_query_param
from rest_framework.views import APIView

from syncjobs import lifecycle, registry
from syncjobs.conditional import unless_known
from syncjobs.errors import AlreadyFinished, NotRetryable
from syncjobs.idempotency import IDEMPOTENCY_KEY, idempotent
from syncjobs.lifecycle import Answer
from syncjobs.models import SyncJob
from syncjobs.pagination import LARGEST_PAGE, KeysetPagination, page_size
from syncjobs.parameters import whole
from syncjobs.schema import EventList, JobAnswer, JobList, JobSchema, StartAnswer
from syncjobs.serializers import event_json, job_json, rendered, snapshot
from syncjobs.states import State, Trigger


class Conflict(APIException):
    """The job is not in a state that allows this."""

    status_code = 409


def trigger_of(request: Request) -> Trigger:
    """`button` for a session, `api` for a token."""
    return Trigger.API if request.auth is not None else Trigger.BUTTON


def started(answer: Answer) -> Response:
    """202 with a job that was created, 200 with the one that was adopted; never an error for what is under way."""
    job = job_json(answer.job)
    body = {
        "success": True,
        "created": answer.created,
        "task_id": answer.job.task_id,
        "in_progress": True,
        "message": job["message"],
        "stats": job["stats"],
        "job": job,
    }
    return Response(body, status=202 if answer.created else 200)


class JobView(APIView):
    """Finds a job of the user; a stranger's is 404."""

    def job(self, request: Request, task_id: str) -> SyncJob:
        """The user's own job."""
        return get_object_or_404(SyncJob, owner=request.user, task_id=task_id)


class Jobs(JobView):
    """The user's jobs, newest first."""

    @extend_schema(
        operation_id="jobs_list",
        parameters=[
            OpenApiParameter("state", OpenApiTypes.STR, enum=State.values),
            OpenApiParameter("trigger", OpenApiTypes.STR, enum=Trigger.values),
            OpenApiParameter("account", OpenApiTypes.INT),
        ],
        responses=JobList,
    )
    def get(self, request: Request) -> Response:
        """One page of jobs."""
        pages = KeysetPagination()
        rows = pages.paginate_queryset(
            filtered(SyncJob.objects.filter(owner=request.user.pk), request.query_params), request
        )
        return pages.get_paginated_response([job_json(job) for job in rows])


class Job(JobView):
    """One job."""

    @extend_schema(operation_id="jobs_retrieve", responses=JobSchema)
    def get(self, request: Request, task_id: str) -> HttpResponseBase:
        """The job as it is now."""
        facts = snapshot(self.job(request, task_id))
        return unless_known(request, facts, lambda: rendered(facts))


class Events(JobView):
    """A job's log."""

    @extend_schema(
        operation_id="jobs_events", parameters=[OpenApiParameter("after", OpenApiTypes.INT)], responses=EventList
    )
    def get(self, request: Request, task_id: str) -> Response:
        """Events after the id given, oldest first; `next` leads to later ones."""
        after, size = whole("after", request.query_params.get("after", "0"), 0), page_size(request, LARGEST_PAGE)
        later = self.job(request, task_id).events.select_related("job").filter(pk__gt=after)
        events = list(later.order_by("pk")[: size + 1])
        following = None
        if len(events) > size:
            following = replace_query_param(request.build_absolute_uri(), "after", events[size - 1].pk)
        return Response({"next": following, "previous": None, "results": [event_json(each) for each in events[:size]]})


class Cancel(JobView):
    """Stop a job."""

    @extend_schema(operation_id="jobs_cancel", request=None, responses={202: JobAnswer})
    def post(self, request: Request, task_id: str) -> Response:
        """At once while it waits; after the current page while it runs."""
        try:
            job = lifecycle.cancel(self.job(request, task_id), by=request.user.get_username())
        except AlreadyFinished:
            raise Conflict("This job is already finished.", code="already_finished") from None
        return Response({"success": True, "job": job_json(job)}, status=202)


class Retry(JobView):
    """Start anew what a job was for."""

    throttle_scope = "start"

    @extend_schema(
        operation_id="jobs_retry",
        parameters=[IDEMPOTENCY_KEY],
        request=None,
        responses={200: StartAnswer, 202: StartAnswer},
    )
    @idempotent
    def post(self, request: Request, task_id: str) -> Response:
        """A new job that goes on where the old one stopped; where one is active already, that one."""
        job = self.job(request, task_id)
        if job.state not in (State.FAILED, State.CANCELLED):
            raise Conflict("Only a failed or cancelled job can be retried.", code="not_retryable")
        try:
            answer = registry.kind(job.kind).restart(job, trigger_of(request))
        except NotRetryable as error:
            raise Conflict("This job cannot be started anew now.", code=error.code) from None
        return started(answer)


def filtered(jobs: QuerySet[SyncJob], wanted: Any) -> QuerySet[SyncJob]:
    """Jobs narrowed by `state`, `trigger`, `account`; raises ValidationError for values that cannot be."""
    for name, choices in (("state", State.values), ("trigger", Trigger.values)):
        if (value := wanted.get(name)) is not None:
            if value not in choices:
                raise ValidationError({name: [f"One of {', '.join(choices)}."]})
            jobs = jobs.filter(**{name: value})
    if (account := wanted.get("account")) is not None:
        jobs = jobs.filter(facts__account=whole("account", account))
    return jobs
