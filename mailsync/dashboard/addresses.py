"""Change the e-mail address of a user: it counts once a letter to it has been answered."""

from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from mailsync import audit, letters, links
from mailsync.dashboard.people import user_of
from mailsync.dashboard.slowly import too_often
from mailsync.models import Letter


class AddressForm(forms.Form):
    """The new address; the password, so that a browser left open cannot give the account away."""

    email = forms.EmailField(
        label=gettext_lazy("New e-mail address"),
        max_length=254,
        widget=forms.EmailInput(attrs={"autocomplete": "email"}),
    )
    password = forms.CharField(
        label=gettext_lazy("Your password"),
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
    )

    def __init__(self, user: User, *args: Any) -> None:
        super().__init__(*args)
        self.user = user

    def clean_password(self) -> str:
        """It must be the user's."""
        if not self.user.check_password(self.cleaned_data["password"]):
            raise forms.ValidationError(_("This is not your password."))
        return str(self.cleaned_data["password"])


@sensitive_post_parameters("password")
@never_cache
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def change(request: HttpRequest) -> HttpResponse:
    """Ask for the address, send a letter to it."""
    user = user_of(request)
    form = AddressForm(user, request.POST or None)
    status = 200
    if request.method == "POST" and too_often(request, "address", str(user.pk)):
        form = AddressForm(user)
        messages.error(request, _("Too many e-mails were asked for. Try again in an hour."))
        status = 429
    elif form.is_valid():
        letters.post(Letter.Kind.NEW_ADDRESS, form.cleaned_data["email"], user=user)
        messages.info(request, _("An e-mail is on its way to %(email)s: follow its link.") % form.cleaned_data)
        return redirect("settings")
    return render(request, "mailsync/email_change.html", {"form": form, "page": "settings"}, status=status)


@never_cache
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def confirm(request: HttpRequest, token: str) -> HttpResponse:
    """A button first: programs that look at mail follow links, too."""
    user = user_of(request)
    address = links.address(token, user)
    if request.method == "POST" and address is not None:
        before = user.email
        if User.objects.filter(pk=user.pk, email=before).update(email=address):
            audit.record("email_changed", by=user, request=request)
            if before:
                letters.post(Letter.Kind.ADDRESS_LEFT, before, user=user)
            messages.success(request, _("E-mails now go to %(email)s.") % {"email": address})
        return redirect("settings")
    status = 200 if address else 410
    return render(request, "mailsync/email_confirm.html", {"address": address, "page": "settings"}, status=status)
