"""Write down who signed in, out, or in vain."""

from typing import Any

from django.contrib.auth.models import User
from django.contrib.auth.signals import user_logged_in, user_logged_out, user_login_failed
from django.dispatch import receiver
from django.http import HttpRequest

from mailsync import audit


@receiver(user_logged_in)
def signed_in(sender: Any, request: HttpRequest | None, user: User, **_: Any) -> None:
    """A session began."""
    if request is not None and request.META:  # a test client that is simply let in has none
        audit.record("signed_in", by=user, request=request)


@receiver(user_logged_out)
def signed_out(sender: Any, request: HttpRequest, user: User | None, **_: Any) -> None:
    """A session ended."""
    if user is not None:
        audit.record("signed_out", by=user, request=request)


@receiver(user_login_failed)
def failed(sender: Any, credentials: dict[str, Any], request: HttpRequest | None = None, **_: Any) -> None:
    """Name and password did not fit.

    Only the name of somebody who exists is kept: people type passwords into the wrong field.
    """
    name = str(credentials.get("username") or "")
    known = User.objects.filter(username=name).exists() if "\x00" not in name else False
    audit.record("sign_in_failed", by=name if known else "", request=request)
