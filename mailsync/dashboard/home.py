"""The first page: whether the mail is safe, what is happening now."""

from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from mailsync.dashboard.cards import cards_of
from mailsync.dashboard.people import user_of
from mailsync.dashboard.sentences import summary
from syncjobs.models import SyncJob

LAST_JOBS = 10


@login_required
@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """One card per mailbox, then the last jobs."""
    user = user_of(request)
    cards = cards_of(user)
    last = SyncJob.objects.filter(owner=user).order_by("-id")[:LAST_JOBS]
    headline = summary([card.facts for card in cards])
    busy = any(card.facts.busy for card in cards)
    context = {
        "simulated": settings.SIMULATED,
        "cards": cards,
        "headline": headline,
        "busy": busy,
        "jobs": last,
        "page": "home",
    }
    return render(request, "mailsync/home.html", context)
