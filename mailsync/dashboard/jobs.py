"""The page of one job, with what can be done to it."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from mailsync import schedule
from mailsync.dashboard.advice import advice
from mailsync.dashboard.people import user_of
from mailsync.dashboard.timeline import steps, totals
from mailsync.dashboard.words import phases
from mailsync.models import Certificate
from syncjobs import lifecycle, registry
from syncjobs.errors import AlreadyFinished, NotRetryable
from syncjobs.models import SyncJob
from syncjobs.serializers import job_json
from syncjobs.states import State, Trigger
from syncjobs.turn import ahead

MOST_EVENTS = 500


def own_job(request: HttpRequest, task_id: str) -> SyncJob:
    """The user's own job; a stranger's is 404."""
    return get_object_or_404(SyncJob, owner=user_of(request), task_id=task_id)


@login_required
@require_safe
def job(request: HttpRequest, task_id: str) -> HttpResponse:
    """Its numbers, its error in words, its log."""
    found = own_job(request, task_id)
    events = list(reversed(found.events.select_related("job").order_by("-id")[:MOST_EVENTS]))
    retryable = found.state in (State.FAILED, State.CANCELLED)
    whole = steps(events, found.finished_at or timezone.now(), phases())
    context = {
        "job": found,
        "shown": job_json(found),
        "events": events,
        "retryable": retryable,
        "ahead": ahead([found]).get(found.pk),
        "advice": advice(found.error_code, found.facts.get("account")),
        "steps": whole,
        "totals": totals(whole),
        "proof": Certificate.objects.filter(job=found.task_id).order_by("-id").first(),
        "page": "jobs",
    }
    return render(request, "mailsync/job.html", context)


@login_required
@require_POST
def cancel(request: HttpRequest, task_id: str) -> HttpResponse:
    """Stop it: at once while it waits, after the current page while it runs."""
    try:
        stopped = lifecycle.cancel(own_job(request, task_id), by=user_of(request).get_username())
    except AlreadyFinished:
        messages.info(request, _("This job is already finished."))
    else:
        final = stopped.state == State.CANCELLED
        messages.success(request, _("Cancelled.") if final else _("It stops after the current page."))
    return redirect("job", task_id)


@login_required
@require_POST
def retry(request: HttpRequest, task_id: str) -> HttpResponse:
    """Begin anew what it was for; leads to the new job."""
    old = own_job(request, task_id)
    try:
        if old.state not in (State.FAILED, State.CANCELLED):
            raise NotRetryable
        fresh = registry.kind(old.kind).restart(old, Trigger.BUTTON).job
    except schedule.Paused:
        messages.warning(request, _("This mailbox is paused: resume it first."))
    except schedule.ReconnectNeeded:
        messages.error(request, _("Google no longer lets us in: connect this mailbox again."))
    except NotRetryable:
        messages.info(request, _("Only a failed or cancelled job can be retried."))
    else:
        return redirect("job", fresh.task_id)
    return redirect("job", task_id)
