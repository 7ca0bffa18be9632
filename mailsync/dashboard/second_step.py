"""The second step of signing in, with the page on which it is set up."""

import time
from typing import Any

import segno
from django.contrib import messages
from django.contrib.auth import login
from django.contrib.auth.decorators import login_required
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from mailsync import audit
from mailsync import second_step as steps
from mailsync.dashboard.people import user_of
from mailsync.gate import MARK
from mailsync.models import RecoveryCode, SecondStep

HALF = "half_signed_in"
LIFE = 600.0  # seconds from the password to the code
BACKEND = "django.contrib.auth.backends.ModelBackend"


def needs_step(user: User) -> bool:
    """Whether the password alone does not do."""
    return steps.is_on(user) or steps.is_demanded(user)


def half_signed_in(request: HttpRequest, user: User, then: str) -> HttpResponse:
    """The password fitted: on to the code."""
    request.session.cycle_key()
    request.session[HALF] = {"user": user.pk, "proof": user.get_session_auth_hash(), "at": time.time(), "then": then}
    return redirect("login-step")


@sensitive_post_parameters()
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def step(request: HttpRequest) -> HttpResponse:
    """Ask for the code; where there is no authenticator yet but has to be, set it up first."""
    user = _half(request)
    if user is None:
        return redirect("login")
    if steps.is_on(user):
        return _ask(request, user)
    return _set_up(request, user, "mailsync/second_step_setup.html", {"signing_in": True})


@sensitive_post_parameters()
@never_cache
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def setup(request: HttpRequest) -> HttpResponse:
    """Switch it on or off, make new recovery codes."""
    user = user_of(request)
    if not steps.is_on(user):
        return _set_up(request, user, "mailsync/second_step_setup.html", {"page": "settings"})
    if request.method == "POST":
        return _change(request, user)
    return _show(request, user)


def _half(request: HttpRequest) -> User | None:
    kept = request.session.get(HALF) or {}
    if kept.get("at", 0) < time.time() - LIFE:
        return None
    user = User.objects.filter(pk=kept["user"], is_active=True).first()
    return user if user is not None and user.get_session_auth_hash() == kept["proof"] else None


def _ask(request: HttpRequest, user: User) -> HttpResponse:
    error = ""
    if request.method == "POST":
        error = _trouble(request, user)
        if not error:
            return redirect(_let_in(request, user))
    return render(request, "mailsync/second_step.html", {"error": error}, status=403 if error else 200)


def _trouble(request: HttpRequest, user: User) -> str:
    """Why the code of a form does not do; "" when it does."""
    try:
        if steps.check(user, request.POST.get("code", "")[:100]):
            return ""
    except steps.TooMany:
        return _("Too many wrong codes: wait a little, then try a new one.")
    audit.record("sign_in_failed", by=user, request=request, step=2)
    return _("That code does not fit. Take the newest one; each is good once.")


def _let_in(request: HttpRequest, user: User) -> str:
    """Where the user wanted to go."""
    then = str(request.session[HALF]["then"])
    login(request, user, backend=BACKEND)
    request.session.pop(HALF, None)
    request.session[MARK] = True
    return then


def _set_up(request: HttpRequest, user: User, template: str, context: dict[str, Any]) -> HttpResponse:
    if request.method == "POST":
        try:
            codes = steps.confirm(user, request.POST.get("code", "")[:100])
        except steps.TooMany:
            codes, error = [], _("Too many wrong codes: wait a little, then try a new one.")
        else:
            error = "" if codes else _("That code does not fit. Take the newest one; each is good once.")
        if codes:
            then = _let_in(request, user) if HALF in request.session else ""
            request.session[MARK] = True
            return render(request, "mailsync/recovery_codes.html", {"codes": codes, "then": then})
        context = context | {"error": error}
    begun = steps.begin(user)
    picture = segno.make(steps.address(begun), micro=False).svg_data_uri(scale=5, border=4, dark="#000", light="#fff")
    spelled = " ".join(begun.secret[at : at + 4] for at in range(0, len(begun.secret), 4))
    return render(
        request, template, {"picture": picture, "secret": spelled, "user_name": user.get_username(), **context}
    )


def _change(request: HttpRequest, user: User) -> HttpResponse:
    what = request.POST.get("what")
    if what == "off" and steps.is_demanded(user):
        messages.error(request, _("Staff may not do without it here."))
    elif error := _trouble(request, user):
        messages.error(request, error)
    elif what == "off":
        steps.switch_off(user, by=user)
        messages.success(request, _("Switched off: the password alone lets you in."))
    elif what == "codes":
        return render(request, "mailsync/recovery_codes.html", {"codes": steps.renew_codes(user), "then": ""})
    return redirect("second-step")


def _show(request: HttpRequest, user: User) -> HttpResponse:
    context = {
        "since": SecondStep.objects.values_list("confirmed_at", flat=True).get(user=user),
        "left": RecoveryCode.objects.filter(user=user).count(),
        "demanded": steps.is_demanded(user),
        "page": "settings",
    }
    return render(request, "mailsync/second_step_on.html", context)
