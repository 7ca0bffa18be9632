"""The form on how often a mailbox is synced, how much of it is mirrored."""

from dataclasses import dataclass
from datetime import timedelta

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db import models
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from mailsync import schedule
from mailsync.dashboard.people import user_of
from mailsync.models import Account
from syncjobs.states import Trigger

INTERVALS = [timedelta(minutes=minutes) for minutes in (5, 15, 30, 60, 180, 360, 720, 1440, 10080)]
Policy, Deleted = Account.Policy, Account.DeletedPolicy
CONSEQUENCES: dict[str, Promise] = {
    Policy.BOTH: gettext_lazy(
        "Everything can be read and searched soonest; the exact originals with their attachments follow"
        " while nobody needs Gmail's quota."
    ),
    Policy.ARCHIVE: gettext_lazy(
        "Each message comes with its exact original at once. The first sync takes about half as long again."
    ),
    Policy.READABLE: gettext_lazy(
        "The least space and quota. Originals and attachments are fetched when somebody opens them: if Gmail loses them, so do you."
    ),
    Deleted.KEEP: gettext_lazy("Nothing is lost by deleting it in Gmail: it stays here, found by in:deleted."),
    Deleted.REMOVE: gettext_lazy("What is deleted in Gmail is deleted here with the next sync, for good."),
}


@dataclass(frozen=True, slots=True)
class Choice:
    """One answer to a question: its value, its name, what follows from it."""

    value: str
    name: str
    consequence: str
    chosen: bool


def policies(account: Account) -> list[Choice]:
    """How much of each message may be mirrored."""
    return [_choice(each, account.policy) for each in Policy]


def deleted_policies(account: Account) -> list[Choice]:
    """What may become of mail that was deleted in Gmail."""
    return [_choice(each, account.deleted_policy) for each in Deleted]


def intervals(account: Account) -> list[timedelta]:
    """How often it may be synced; what is set over the API is among them."""
    return sorted({*INTERVALS, account.interval})


@login_required
@require_POST
def keep(request: HttpRequest, pk: int) -> HttpResponse:
    """Keep what was chosen; nothing of it where a part is none of the choices."""
    account = get_object_or_404(Account, owner=user_of(request), pk=pk)
    chosen = {name: request.POST.get(name, "") for name in ("policy", "deleted_policy")}
    interval = {str(int(each.total_seconds())): each for each in intervals(account)}.get(
        request.POST.get("interval", "")
    )
    if interval is None or chosen["policy"] not in Policy.values or chosen["deleted_policy"] not in Deleted.values:
        messages.error(request, _("Choose from the lists."))
        return redirect("account", pk)
    if chosen != {"policy": account.policy, "deleted_policy": account.deleted_policy}:
        schedule.set_policies(account, by=request.user.get_username(), trigger=Trigger.BUTTON, **chosen)
    if interval != account.interval:
        schedule.set_interval(account, interval)
    messages.success(request, _("Saved."))
    return redirect("account", pk)


def _choice(each: models.TextChoices, chosen: str) -> Choice:
    return Choice(each.value, str(each.label), str(CONSEQUENCES[each]), each == chosen)
