"""Make the links that letters carry, read them again: each proves by a signature what it is for, and until when."""

from datetime import timedelta
from typing import Any

from django.conf import settings
from django.contrib.auth.models import User
from django.contrib.auth.tokens import default_token_generator
from django.core import signing
from django.urls import reverse
from django.utils.encoding import force_bytes
from django.utils.http import urlsafe_base64_encode

from mailsync.models import Invitation
from syncjobs.clock import SyncNow

JOIN, ADDRESS = "mailsync.join", "mailsync.address"  # salts: no link opens the door of another
ADDRESS_LIFE = timedelta(days=1)


def reset(user: User) -> str:
    """To the page where this user sets a new password: worthless once used, once signed in again, or too old."""
    uid = urlsafe_base64_encode(force_bytes(user.pk))
    return _absolute("password-new", uidb64=uid, token=default_token_generator.make_token(user))


def join(invitation: Invitation) -> str:
    """To the page where whoever is invited makes an account."""
    return _absolute("join", token=signing.dumps([invitation.pk, invitation.email], salt=JOIN))


def invitation(token: str) -> Invitation | None:
    """The invitation of a link, while it stands."""
    pk, email = _read(token, JOIN, None) or (0, "")
    return Invitation.objects.filter(pk=pk, email=email, expires_at__gt=SyncNow()).first()


def new_address(user: User, address: str) -> str:
    """To the page where a user confirms that mail to this address arrives."""
    return _absolute("email-confirm", token=signing.dumps([user.pk, user.email, address], salt=ADDRESS))


def address(token: str, user: User) -> str | None:
    """The address that a link of this user confirms; worthless once the address is another than when it was made."""
    pk, before, after = _read(token, ADDRESS, ADDRESS_LIFE) or (0, "", "")
    return after if (pk, before) == (user.pk, user.email) else None


def _read(token: str, salt: str, life: timedelta | None) -> Any:
    try:
        return signing.loads(token, salt=salt, max_age=life)
    except signing.BadSignature:
        return None


def _absolute(name: str, **parts: str) -> str:
    """By PUBLIC_URL: the host that a request names is its sender's choice, and must not get into a letter."""
    return settings.PUBLIC_URL + reverse(name, kwargs=parts)
