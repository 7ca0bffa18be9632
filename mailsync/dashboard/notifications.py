"""The form on what a user wants to hear of, and how."""

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from mailsync.dashboard.people import user_of
from mailsync.models import Event, Notice, NoticeChoice
from mailsync.notices import outbox
from mailsync.notices.outside import problem
from mailsync.notices.signature import own_key

LAST = 5
PROBLEMS = {
    "scheme": gettext_lazy("The address of the webhook must begin with https:// or http://."),
    "host": gettext_lazy("The address of the webhook names no server."),
    "password": gettext_lazy("The address of the webhook must not hold a name or password."),
    "length": gettext_lazy("The address of the webhook is too long."),
}

TROUBLES = {
    "mail_server": gettext_lazy("the mail server did not take it"),
    "private_address": gettext_lazy("the address belongs to an inner network"),
    "timeout": gettext_lazy("no answer within ten seconds"),
    "unreachable": gettext_lazy("the other side cannot be reached"),
    "url": gettext_lazy("the address makes no sense"),
}


@login_required
@require_POST
def keep(request: HttpRequest) -> HttpResponse:
    """Keep what was chosen; nothing of it where a part makes no sense."""
    events = [each for each in Event.values if each in request.POST.getlist("events")]
    url = request.POST.get("webhook_url", "").strip()
    if url and (wrong := problem(url)):
        messages.error(request, str(PROBLEMS[wrong]))
        return _back()
    chosen: dict[str, Any] = {"events": events, "mail": "mail" in request.POST, "webhook_url": url}
    NoticeChoice.objects.update_or_create(user=user_of(request), defaults=chosen)
    messages.success(request, _("Saved."))
    return _back()


@login_required
@require_POST
def send_test(request: HttpRequest) -> HttpResponse:
    """Try every way that was chosen."""
    user = user_of(request)
    if not outbox.ways_of(outbox.choice_of(user)):
        messages.error(request, _("There is no way to tell you anything: save an address or a webhook first."))
    elif outbox.try_out(user):
        messages.success(request, _("A test is on its way. What became of it is shown below, soon."))
    else:
        messages.info(request, _("A test was sent a moment ago. Wait a minute."))
    return _back()


def form(user: User) -> dict[str, Any]:
    """What the section of the settings page shows."""
    choice = outbox.choice_of(user)
    return {
        "choice": choice,
        "events": [(each.value, each.label, each.value in choice.events) for each in Event],
        "can_sign": bool(settings.WEBHOOK_SECRET),
        "key": own_key(settings.WEBHOOK_SECRET, user.pk) if settings.WEBHOOK_SECRET and choice.webhook_url else "",
        "notices": [
            (each, event_name(each.event), trouble(each.trouble))
            for each in Notice.objects.filter(user=user).select_related("account").order_by("-id")[:LAST]
        ],
    }


def event_name(event: str) -> str:
    """What happened, in a few words."""
    return str(Event(event).label) if event in Event.values else _("Test")


def trouble(word: str) -> str:
    """What kept the last attempt from success; nothing for success."""
    if word.startswith("http_"):
        return _("the other side answered %(status)s") % {"status": word.removeprefix("http_")}
    return str(TROUBLES.get(word, word))


def _back() -> HttpResponse:
    return redirect(reverse("settings") + "#notifications")
