"""Issue, check, revoke the keys to the API."""

import hashlib
import secrets
from datetime import timedelta

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Q

from mailsync import audit
from mailsync.models import ApiToken
from syncjobs.clock import SyncNow, in_

USED_EVERY = timedelta(minutes=1)  # last_used_at is exact to a minute: not every read is a write


def issue(user: User, label: str, expires_in: timedelta | None = None, *, by: str = "") -> tuple[ApiToken, str]:
    """A new token with its secret, which is shown once: only its SHA-256 is kept (256 random bits need no slow hash).

    `by` is who makes it, if not its user.
    """
    secret = secrets.token_urlsafe(32)
    expires = in_(expires_in) if expires_in is not None else None
    with transaction.atomic():
        token = ApiToken.objects.create(user=user, label=label, digest=_digest(secret), expires_at=expires)
        audit.record("token_made", by=by or user, token=token.pk, label=label, user=user.get_username())
    token.refresh_from_db()
    return token, secret


def find(secret: str) -> ApiToken | None:
    """The token whose secret this is, if it is valid now and its user active."""
    valid = Q(expires_at=None) | Q(expires_at__gt=SyncNow())
    token = ApiToken.objects.select_related("user").filter(valid, digest=_digest(secret), user__is_active=True).first()
    if token is not None:
        stale = Q(last_used_at=None) | Q(last_used_at__lt=in_(-USED_EVERY))
        ApiToken.objects.filter(stale, pk=token.pk).update(last_used_at=SyncNow())
    return token


def revoke(token: ApiToken, *, by: User | str = "") -> None:
    """It opens nothing from now on. `by` is who revokes it, if not its user."""
    with transaction.atomic():
        audit.record(
            "token_revoked", by=by or token.user, token=token.pk, label=token.label, user=token.user.get_username()
        )
        token.delete()


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode("utf-8", "replace")).hexdigest()
