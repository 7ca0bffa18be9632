"""What the Sync button with its menu does where no script runs."""

from datetime import UTC, datetime
from functools import partial

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST
from rest_framework.exceptions import APIException

from mailsync import batch, schedule, windows
from mailsync.api.reach import gmail_answers, one_of_few
from mailsync.api.sync import BATCHES, batch_json
from mailsync.dashboard.accounts import own_account
from mailsync.dashboard.figures import count
from mailsync.dashboard.starting import back, start
from mailsync.dashboard.words import SPOKEN
from mailsync.look import new_mail
from mailsync.sync.scopes import FULL, WINDOW
from syncjobs.admission import Scope
from syncjobs.states import Trigger

BATCH_SIZE = 100
WINDOWS = {"today": windows.today, "week": windows.this_week}


@login_required
@require_POST
def sync(request: HttpRequest, pk: int) -> HttpResponse:
    """Start the job of the chosen plan: smart, full, today, week."""
    scope = _scope(request.POST.get("plan", ""))
    return start(request, partial(schedule.request_scope, own_account(request, pk), scope, trigger=Trigger.BUTTON))


@login_required
@require_POST
def fetch_batch(request: HttpRequest, pk: int) -> HttpResponse:
    """Fetch the next messages within this request."""
    account = own_account(request, pk)
    try:
        with one_of_few(BATCHES, _("Too many batches at once; try again in a moment.")), gmail_answers():
            answer = batch_json(batch.fetch_next(account, BATCH_SIZE, trigger=Trigger.BUTTON))
    except APIException as error:
        messages.error(request, str(error.detail))
    else:
        said = SPOKEN["fetched"] % {"n": count(answer["synced_count"])} if answer["synced_count"] else answer["message"]
        messages.success(request, said)
    return back(request)


@login_required
@require_POST
def check(request: HttpRequest, pk: int) -> HttpResponse:
    """Say how much is new at Gmail, fetching none of it."""
    account = own_account(request, pk)
    try:
        with gmail_answers():
            found = new_mail(account)
    except APIException as error:
        messages.error(request, str(error.detail))
    else:
        messages.info(request, SPOKEN["new"] % {"n": count(found.new)} if found.new else SPOKEN["nothing_new"])
    return back(request)


def _scope(plan: str) -> Scope | None:
    """None means whatever is due."""
    if plan in WINDOWS:
        begin = WINDOWS[plan](datetime.now(UTC), timezone.get_current_timezone())
        return Scope(WINDOW, {"after": begin})
    return Scope(FULL) if plan == "full" else None
