"""The page of one mailbox, with what can be done to it."""

from collections.abc import Callable
from functools import partial

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from mailsync import debts, emptied, schedule
from mailsync.dashboard.cards import cards
from mailsync.dashboard.people import user_of
from mailsync.disconnect import disconnect as let_go
from mailsync.disconnect import jobs_of
from mailsync.models import Account, Body
from syncjobs.lifecycle import Answer
from syncjobs.states import Trigger

LAST_JOBS = 25
MOST_FAILURES = 100
LAST_CERTIFICATES = 5
LAST_DAYS = 7


def own_account(request: HttpRequest, pk: int) -> Account:
    """The user's own account; a stranger's is 404."""
    return get_object_or_404(Account, owner=user_of(request), pk=pk)


@login_required
@require_safe
def account(request: HttpRequest, pk: int) -> HttpResponse:
    """How the mailbox stands, with the jobs, proofs, debts behind it."""
    mailbox = own_account(request, pk)
    context = {
        "card": cards([mailbox])[0],
        "emptied": emptied.awaits_confirmation(mailbox),
        "jobs": jobs_of(mailbox).order_by("-id")[:LAST_JOBS],
        "originals_owed": Body.objects.owed(mailbox).count() if mailbox.wants_raw else 0,
        "usage": mailbox.usage.order_by("-day")[:LAST_DAYS],
        "failures": mailbox.failures.order_by("-last_at")[:MOST_FAILURES],
        "certificates": mailbox.certificates.order_by("-id")[:LAST_CERTIFICATES],
    }
    return render(request, "mailsync/account.html", context)


@login_required
@require_POST
def sync(request: HttpRequest, pk: int) -> HttpResponse:
    """What the Sync button does where no script runs."""
    full = request.POST.get("full") == "1"
    return _start(request, partial(schedule.request_sync, own_account(request, pk), trigger=Trigger.BUTTON, full=full))


@login_required
@require_POST
def confirm_empty(request: HttpRequest, pk: int) -> HttpResponse:
    """The mail that Gmail no longer lists really is gone."""
    return _start(request, partial(emptied.confirm, own_account(request, pk), trigger=Trigger.BUTTON))


@login_required
@require_POST
def retry_failures(request: HttpRequest, pk: int) -> HttpResponse:
    """Try again now what could not be read."""
    return _start(request, partial(debts.retry, own_account(request, pk), trigger=Trigger.BUTTON))


@login_required
@require_POST
def pause(request: HttpRequest, pk: int) -> HttpResponse:
    """Rest the schedule."""
    return _change(
        request,
        pk,
        partial(schedule.pause, by=user_of(request).get_username()),
        _("Paused: no sync starts until you resume it."),
    )


@login_required
@require_POST
def resume(request: HttpRequest, pk: int) -> HttpResponse:
    """Take the schedule up again."""
    return _change(request, pk, schedule.resume, _("Resumed."))


@login_required
@require_POST
def disconnect(request: HttpRequest, pk: int) -> HttpResponse:
    """Let go of the mailbox; its mirror is erased only by whoever typed its address."""
    mailbox = own_account(request, pk)
    erase = request.POST.get("mirror") == "erase"
    if erase and request.POST.get("address", "").strip().lower() != mailbox.email:
        messages.error(request, _("Nothing was erased: type the address of the mailbox to confirm."))
        return redirect("account", pk)
    try:
        let_go(mailbox, by=user_of(request).get_username(), erase=erase)
    except Account.DoesNotExist:  # erased since it was looked up
        raise Http404 from None
    if erase:
        messages.success(request, _("%(email)s is disconnected, its mirror is being erased.") % {"email": mailbox})
        return redirect("home")
    messages.success(request, _("Disconnected. What was mirrored stays here."))
    return redirect("account", pk)


def back(request: HttpRequest) -> HttpResponse:
    """To the page that the form stood on."""
    target = request.POST.get("next", "")
    return redirect(target if url_has_allowed_host_and_scheme(target, {request.get_host()}) else "home")


def _start(request: HttpRequest, service: Callable[[], Answer]) -> HttpResponse:
    try:
        answer = service()
    except schedule.Paused:
        messages.warning(request, _("This mailbox is paused: resume it first."))
    except schedule.Disconnected:
        messages.warning(request, _("This mailbox is disconnected: connect it again first."))
    except schedule.ReconnectNeeded:
        messages.error(request, _("Google no longer lets us in: connect this mailbox again."))
    except emptied.NothingToConfirm:
        messages.warning(request, _("The last sync missed no mail: there is nothing to confirm."))
    else:
        messages.success(request, _("Sync started.") if answer.created else _("A sync is on its way already."))
    return back(request)


def _change(request: HttpRequest, pk: int, service: Callable[[Account], object], said: str) -> HttpResponse:
    service(own_account(request, pk))
    messages.success(request, said)
    return back(request)
