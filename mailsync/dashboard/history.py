"""The list of jobs: page through it, narrow it."""

from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request

from mailsync.dashboard.people import user_of
from mailsync.models import Account
from syncjobs.models import SyncJob
from syncjobs.pagination import KeysetPagination
from syncjobs.states import ACTIVE, State, Trigger
from syncjobs.views import filtered

FILTERS = ("state", "account", "trigger")


@login_required
@require_safe
def jobs(request: HttpRequest) -> HttpResponse:
    """One page of the user's jobs, newest first, as the filters want them."""
    user = user_of(request)
    wanted = {name: value for name in FILTERS if (value := request.GET.get(name))}
    found, newer, older = _page(request, wanted, SyncJob.objects.filter(owner=user))
    context = {
        "jobs": found,
        "newer": newer,
        "older": older,
        "wanted": wanted,
        "busy": any(each.state in ACTIVE for each in found),
        "accounts": Account.objects.filter(owner=user).order_by("email"),
        "states": State.choices,
        "triggers": Trigger.choices,
        "page": "jobs",
    }
    return render(request, "mailsync/jobs.html", context)


def _page(request: HttpRequest, wanted: dict[str, str], mine: Any) -> tuple[list[SyncJob], str | None, str | None]:
    pages = KeysetPagination()
    try:
        rows = pages.paginate_queryset(filtered(mine, wanted), Request(request))
    except ValidationError:
        raise Http404 from None
    links: dict[str, Any] = pages.get_paginated_response([]).data
    return rows, links["previous"], links["next"]
