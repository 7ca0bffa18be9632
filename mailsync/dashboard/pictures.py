"""The pictures of one mailbox."""

from datetime import UTC, datetime
from typing import Any

from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from mailsync.dashboard import charts
from mailsync.dashboard.accounts import own_account
from mailsync.models import Account, Pictures
from mailsync.preferences import zone


@login_required
@require_safe
def pictures(request: HttpRequest, pk: int) -> HttpResponse:
    """What was counted when the mailbox last changed; nothing is counted for this page."""
    mailbox = own_account(request, pk)
    found = Pictures.objects.filter(account=mailbox).first()
    context: dict[str, Any] = {"account": mailbox, "found": found}
    if found is not None:
        context |= {"charts": _charts(mailbox, found), "week": charts.week(found.data["hours"])}
    return render(request, "mailsync/pictures.html", context)


def _charts(mailbox: Account, found: Pictures) -> list[charts.Chart]:
    data, pk = found.data, mailbox.pk
    today = timezone.now().astimezone(zone(found.zone)).date()
    usage = mailbox.usage.order_by("-day").values_list("day", "units")[: charts.DAYS]
    return [
        charts.months(data["months"], pk),
        charts.senders(data["senders"], pk),
        charts.labels(data["labels"], pk, data["total"][0][1]),
        charts.syncs(data["syncs"], today, pk),
        charts.units(usage, datetime.now(UTC).date(), settings.GMAIL_USER_UNITS_PER_MINUTE),
    ]
