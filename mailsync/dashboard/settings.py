"""The page where a user sets language, time zone, API tokens."""

import zoneinfo
from datetime import timedelta
from functools import cache

from django.conf import settings as configured
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db.models import F
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.crypto import get_random_string
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, override
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from mailsync import tokens
from mailsync.dashboard.people import user_of
from mailsync.models import ApiToken, Preferences

LIFETIMES = [
    (30, gettext_lazy("30 days")),
    (90, gettext_lazy("90 days")),
    (365, gettext_lazy("One year")),
    (0, gettext_lazy("Never expires")),
]
ONCE = "token_form"
MOST_TOKENS = 50


@cache
def zones() -> list[str]:
    """Every zone that a person may live in."""
    names = (name for name in zoneinfo.available_timezones() if "/" in name and not name.startswith("Etc/"))
    return [*sorted(names), "UTC"]


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def settings(request: HttpRequest) -> HttpResponse:
    """Show the settings; keep what was chosen."""
    if request.method == "POST":
        return _keep(request)
    return _show(request)


@never_cache
@login_required
@require_POST
def issue_token(request: HttpRequest) -> HttpResponse:
    """Make a token; its secret is shown in this one answer."""
    days = request.POST.get("days", "")
    label = request.POST.get("label", "").strip()[:100]
    if days not in {str(each) for each, _name in LIFETIMES}:
        messages.error(request, _("Choose how long the token lives."))
        return redirect("settings")
    if not request.POST.get("once") or request.POST["once"] != request.session.pop(ONCE, None):
        messages.info(request, _("Each secret is shown once. Make another token if you need one."))
        return redirect("settings")  # a page that was reloaded asks a second time
    user = user_of(request)
    if ApiToken.objects.filter(user=user).count() >= MOST_TOKENS:
        messages.error(request, _("You have too many tokens: revoke one first."))
        return redirect("settings")
    _token, secret = tokens.issue(user, label, timedelta(days=int(days)) if days != "0" else None)
    return _show(request, secret=secret)


@login_required
@require_POST
def revoke_token(request: HttpRequest, pk: int) -> HttpResponse:
    """Make a token worthless."""
    user = user_of(request)
    tokens.revoke(get_object_or_404(ApiToken, user=user, pk=pk), by=user)
    messages.success(request, _("The token is revoked."))
    return redirect("settings")


def _show(request: HttpRequest, secret: str = "") -> HttpResponse:
    user = user_of(request)
    request.session[ONCE] = get_random_string(16)
    context = {
        "once": request.session[ONCE],
        "preferences": Preferences.objects.filter(user=user).first() or Preferences(user=user),
        "languages": [code for code, _name in configured.LANGUAGES],
        "zones": zones(),
        "lifetimes": LIFETIMES,
        "secret": secret,
        "tokens": ApiToken.objects.filter(user=user).order_by(F("created_at").desc())[:MOST_TOKENS],
        "page": "settings",
    }
    return render(request, "mailsync/settings.html", context)


def _keep(request: HttpRequest) -> HttpResponse:
    language, zone = request.POST.get("language", ""), request.POST.get("time_zone", "")
    if (language and language not in dict(configured.LANGUAGES)) or (zone and zone not in zones()):
        messages.error(request, _("Choose from the lists."))
        return redirect("settings")
    Preferences.objects.update_or_create(user=user_of(request), defaults={"language": language, "time_zone": zone})
    with override(language or None):
        messages.success(request, _("Saved."))
    return redirect("settings")
