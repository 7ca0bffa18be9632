"""Change a password, or set a new one by a letter."""

from typing import Any

from django import forms
from django.conf import settings
from django.contrib import messages
from django.contrib.auth import views
from django.contrib.auth.models import User
from django.core.validators import validate_email
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse_lazy
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from mailsync import audit, letters
from mailsync.dashboard.slowly import too_often
from mailsync.models import Letter


class ForgottenForm(forms.Form):
    """Where the letter shall go."""

    email = forms.EmailField(
        label=gettext_lazy("E-mail address"),
        max_length=254,
        validators=[validate_email],
        widget=forms.EmailInput(attrs={"autocomplete": "email", "autofocus": True}),
    )


@require_http_methods(["GET", "HEAD", "POST"])
def forgotten(request: HttpRequest) -> HttpResponse:
    """Ask for a letter. The answer is the same, and as quick, whether anybody here has that address."""
    form = ForgottenForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        address = form.cleaned_data["email"].lower()
        if too_often(request, "forgotten", address):
            form.add_error(None, _("Too many e-mails were asked for. Try again in an hour."))
            return render(request, "mailsync/password_forgotten.html", {"form": form}, status=429)
        letters.post(Letter.Kind.RESET, address, language=request.LANGUAGE_CODE)  # type: ignore[attr-defined]
        return redirect("password-sent")
    return render(request, "mailsync/password_forgotten.html", {"form": form})


@require_http_methods(["GET", "HEAD"])
def sent(request: HttpRequest) -> HttpResponse:
    """Say what to expect."""
    minutes = settings.PASSWORD_RESET_TIMEOUT // 60
    return render(request, "mailsync/password_sent.html", {"minutes": minutes})


class NewPassword(views.PasswordResetConfirmView):
    """Set a password by the link of a letter."""

    template_name = "mailsync/password_new.html"
    success_url = reverse_lazy("login")

    def form_valid(self, form: Any) -> HttpResponse:
        """Lead to the sign-in."""
        answer = super().form_valid(form)
        messages.success(self.request, _("Your new password is set: sign in with it."))
        _note(self.request, form.user)
        return answer


class ChangePassword(views.PasswordChangeView):
    """Set a password by the old one; every other browser is signed out."""

    template_name = "mailsync/password_change.html"
    success_url = reverse_lazy("settings")
    extra_context = {"page": "settings"}

    def form_valid(self, form: Any) -> HttpResponse:
        """Back to the settings."""
        answer = super().form_valid(form)
        messages.success(self.request, _("Your password is changed. Every other browser is signed out."))
        _note(self.request, form.user)
        return answer


def _note(request: HttpRequest, user: User) -> None:
    audit.record("password_changed", by=user, request=request)
    if user.email:
        letters.post(Letter.Kind.PASSWORD_CHANGED, user.email, user=user)
