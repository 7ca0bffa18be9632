"""Follow who signs in, out, or in vain: into the audit log, to the sockets."""

from functools import partial
from typing import Any

from axes.signals import user_locked_out
from django.conf import settings
from django.contrib.auth.models import User
from django.contrib.auth.signals import user_logged_in, user_logged_out, user_login_failed
from django.db import transaction
from django.db.models.signals import post_save, pre_delete, pre_save
from django.dispatch import receiver
from django.http import HttpRequest

from mailsync import audit, departure, revoke, watch
from mailsync.models import Account, AuditEvent
from mailsync.names import digest
from syncjobs import progress
from syncjobs.clock import in_


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
        progress.look_again(user.pk)


@receiver(post_save, sender=User)
def changed(sender: Any, instance: User, created: bool, update_fields: frozenset[str] | None = None, **_: Any) -> None:
    """A user may have a new password, or have been deactivated: then the sockets have to close, the syncs to end."""
    if created or update_fields == {"last_login"}:
        return
    transaction.on_commit(partial(progress.look_again, instance.pk))
    if not instance.is_active:
        transaction.on_commit(partial(departure.rest, instance.pk))
    if getattr(instance, "_was_active", instance.is_active) is not instance.is_active:
        audit.record("user_activated" if instance.is_active else "user_deactivated", user=instance.get_username())
        for email in Account.objects.filter(owner=instance).values_list("email", flat=True):
            watch.look_again(email)  # Gmail tells of a mailbox only while somebody is there to hear it


@receiver(pre_save, sender=User)
def changing(sender: Any, instance: User, update_fields: frozenset[str] | None = None, **_: Any) -> None:
    """Remember what a user was."""
    if instance.pk is not None and update_fields != {"last_login"}:
        before = User.objects.filter(pk=instance.pk).values_list("is_active", flat=True).first()
        instance._was_active = instance.is_active if before is None else before  # type: ignore[attr-defined]


@receiver(pre_delete, sender=Account)
def deleted(sender: Any, instance: Account, **_: Any) -> None:
    """However a mailbox goes, its grant is given back to Google."""
    revoke.later(instance)


@receiver(user_login_failed)
def failed(sender: Any, credentials: dict[str, Any], request: HttpRequest | None = None, **_: Any) -> None:
    """Name and password did not fit; what is refused unread, because there were too many, is not told of each time."""
    if not getattr(request, "axes_locked_out", False):
        audit.record("sign_in_failed", by=_known(credentials), request=request)


@receiver(user_locked_out)
def locked(sender: Any, request: HttpRequest, **_: Any) -> None:
    """There were too many: told of once per lock."""
    name, address = _known(getattr(request, "axes_credentials", None) or {}), audit.address_of(request)
    told = AuditEvent.objects.filter(actor=name, address=address, action="sign_in_locked")
    if not told.filter(at__gt=in_(-settings.AXES_COOLOFF_TIME)).exists():
        audit.record("sign_in_locked", by=name, request=request)


def digest_of_name(request: HttpRequest, credentials: dict[str, Any] | None = None) -> str:
    """What attempts are counted by."""
    return digest(str((credentials or {}).get("username") or request.POST.get("username") or ""))


def _known(credentials: dict[str, Any]) -> str:
    """The name of somebody who exists, else nothing."""
    name = str(credentials.get("username") or "")
    return name if "\x00" not in name and User.objects.filter(username=name).exists() else ""
