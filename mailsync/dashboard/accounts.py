"""The page of one mailbox, with what can be done to it."""

from collections.abc import Callable
from functools import partial

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.timezone import now
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from mailsync import debts, emptied, schedule
from mailsync.dashboard import pushing
from mailsync.dashboard.cards import cards
from mailsync.dashboard.people import user_of
from mailsync.dashboard.policies import deleted_policies, intervals, policies
from mailsync.dashboard.starting import back, start
from mailsync.disconnect import disconnect as let_go
from mailsync.disconnect import jobs_of
from mailsync.export.selection import EVERYTHING
from mailsync.models import Account, Export, Watch
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
        "push": pushing.sentence(Watch.objects.filter(email=mailbox.email).first(), mailbox, now()),
        "policies": policies(mailbox),
        "deleted_policies": deleted_policies(mailbox),
        "intervals": intervals(mailbox),
        "forms": Export.Form.choices,
        "everything": EVERYTHING,
        "emptied": emptied.awaits_confirmation(mailbox),
        "jobs": jobs_of(mailbox).order_by("-id")[:LAST_JOBS],
        "usage": mailbox.usage.order_by("-day")[:LAST_DAYS],
        "failures": mailbox.failures.order_by("-last_at")[:MOST_FAILURES],
        "certificates": mailbox.certificates.order_by("-id")[:LAST_CERTIFICATES],
    }
    return render(request, "mailsync/account.html", context)


@login_required
@require_POST
def confirm_empty(request: HttpRequest, pk: int) -> HttpResponse:
    """The mail that Gmail no longer lists really is gone."""
    return start(request, partial(emptied.confirm, own_account(request, pk), trigger=Trigger.BUTTON))


@login_required
@require_POST
def retry_failures(request: HttpRequest, pk: int) -> HttpResponse:
    """Try again now what could not be read."""
    return start(request, partial(debts.retry, own_account(request, pk), trigger=Trigger.BUTTON))


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


def _change(request: HttpRequest, pk: int, service: Callable[[Account], object], said: str) -> HttpResponse:
    service(own_account(request, pk))
    messages.success(request, said)
    return back(request)
