"""Invite somebody by e-mail, join by the link."""

from datetime import timedelta
from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.auth import login
from django.contrib.auth.decorators import user_passes_test
from django.contrib.auth.forms import BaseUserCreationForm
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from mailsync import audit, letters, links
from mailsync.dashboard.people import user_of
from mailsync.models import Invitation, Letter
from syncjobs.clock import SyncNow, in_

LIFE = timedelta(days=7)
MOST = 100  # that stand at once


def may_invite(user: Any) -> bool:
    """Superusers may; somebody else who is signed in is refused, whoever is not is sent to sign in."""
    if user.is_authenticated and not user.is_superuser:
        raise PermissionDenied
    return bool(user.is_superuser)


class InvitationForm(forms.Form):
    """Whom to invite."""

    email = forms.EmailField(
        label=gettext_lazy("E-mail address"), max_length=254, widget=forms.EmailInput(attrs={"autocomplete": "off"})
    )

    def clean_email(self) -> str:
        """Nobody who is here already."""
        email = str(self.cleaned_data["email"]).lower()
        if User.objects.filter(email__iexact=email).exists():
            raise forms.ValidationError(_("Somebody here has this address already."))
        return email


class JoinForm(BaseUserCreationForm):
    """The name and the password of a new user."""

    class Meta(BaseUserCreationForm.Meta):
        model = User
        fields = ("username",)

    def clean_username(self) -> str:
        """No second Anna who is anna."""
        name = str(self.cleaned_data["username"])
        if User.objects.filter(username__iexact=name).exists():
            raise forms.ValidationError(_("This name is taken."))
        return name


@user_passes_test(may_invite)
@require_http_methods(["GET", "HEAD", "POST"])
def invitations(request: HttpRequest) -> HttpResponse:
    """Those that stand; the form for another."""
    form = InvitationForm(request.POST or None)
    standing = Invitation.objects.filter(expires_at__gt=SyncNow()).select_related("invited_by").order_by("-made_at")
    if request.method == "POST" and form.is_valid():
        if standing.count() < MOST:
            invite(form.cleaned_data["email"], user_of(request), request.LANGUAGE_CODE)  # type: ignore[attr-defined]
            audit.record("invited", by=user_of(request), request=request, email=form.cleaned_data["email"])
            messages.success(request, _("An invitation is on its way to %(email)s.") % form.cleaned_data)
            return redirect("invitations")
        form.add_error(None, _("Too many invitations stand: withdraw one first."))
    context = {"form": form, "invitations": standing[:MOST], "page": "settings"}
    return render(request, "mailsync/invitations.html", context)


def invite(email: str, by: User, language: str) -> Invitation:
    """Send an invitation; one that stood for this address is replaced, and its link is worthless."""
    with transaction.atomic():
        Invitation.objects.filter(email=email).delete()
        made = Invitation.objects.create(email=email, invited_by=by, expires_at=in_(LIFE))
        letters.post(Letter.Kind.INVITATION, email, language=language)
    return made


@user_passes_test(may_invite)
@require_POST
def withdraw(request: HttpRequest, pk: int) -> HttpResponse:
    """Make its link worthless."""
    invitation = get_object_or_404(Invitation, pk=pk)
    invitation.delete()
    audit.record("invitation_withdrawn", by=user_of(request), request=request, email=invitation.email)
    messages.success(request, _("The invitation is withdrawn."))
    return redirect("invitations")


@sensitive_post_parameters("password1", "password2")
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def join(request: HttpRequest, token: str) -> HttpResponse:
    """Make an account by an invitation, then be signed in."""
    invitation = links.invitation(token)
    form = JoinForm(request.POST if request.method == "POST" else None)
    if invitation and request.method == "POST" and form.is_valid():
        if user := accept(invitation, form):
            audit.record("invitation_accepted", by=user, request=request, email=user.email)
            login(request, user, backend="django.contrib.auth.backends.ModelBackend")
            messages.success(request, _("Welcome!"))
            return redirect("home")
        if form.is_valid():
            invitation = None  # somebody was quicker
    context = {"form": form, "invitation": invitation}
    return render(request, "mailsync/join.html", context, status=200 if invitation else 410)


def accept(invitation: Invitation, form: JoinForm) -> User | None:
    """The new user, made in the transaction that uses the invitation up: of two at once one finds it gone.

    None then; None with an error in the form when somebody else took the name in this very moment.
    """
    try:
        with transaction.atomic():
            if not Invitation.objects.filter(pk=invitation.pk).delete()[0]:
                return None
            user: User = form.save(commit=False)
            user.email = invitation.email
            user.save()
            return user
    except IntegrityError:
        form.add_error("username", _("This name is taken."))
        return None
