"""What is known of Gmail's notifications: who sends them, what they still ask for."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from mailsync.encryption import EncryptedTextField
from mailsync.models.accounts import Account
from syncjobs.clock import SyncNow


class Watch(models.Model):
    """That Gmail tells us of changes to a mailbox, until `expires_at`.

    It belongs to the Google identity, whoever of our users mirrors it, and outlives their accounts until Gmail was told to stop.
    """

    email = models.CharField(max_length=320, unique=True)
    due_at = models.DateTimeField(
        null=True, db_default=SyncNow(), help_text=_("When Gmail is asked again; empty: nothing is to be done.")
    )
    topic = models.CharField(max_length=300, default="")
    renewed_at = models.DateTimeField(null=True)
    expires_at = models.DateTimeField(null=True)
    heard_at = models.DateTimeField(null=True, help_text=_("The last notification, to some ten seconds."))
    attempts = models.IntegerField(default=0, help_text=_("Failed attempts since the last success."))
    trouble = models.CharField(max_length=64, default="", help_text=_("Why the last attempt failed."))
    grant = EncryptedTextField(default="", help_text=_("With which Gmail is told to stop, encrypted."))

    class Meta:
        verbose_name = _("watch")
        verbose_name_plural = _("watches")
        indexes = [
            models.Index(fields=["due_at"], condition=Q(due_at__isnull=False), name="watches_by_due_time"),
        ]

    def __str__(self) -> str:
        return self.email


class Pushed(models.Model):
    """What notifications ask for that no pass was begun for yet; in a table of its own, which no page touches."""

    account = models.OneToOneField(Account, on_delete=models.CASCADE, primary_key=True, related_name="pushed")
    heard_at = models.DateTimeField(db_default=SyncNow())
    due_at = models.DateTimeField(null=True, help_text=_("When a pass is to begin; empty: none is owed."))
    rest_until = models.DateTimeField(null=True, help_text=_("No pass begins before because of a notification."))

    class Meta:
        verbose_name = _("pushed mailbox")
        verbose_name_plural = _("pushed mailboxes")
        indexes = [
            models.Index(fields=["due_at"], condition=Q(due_at__isnull=False), name="pushed_by_due_time"),
        ]

    def __str__(self) -> str:
        return str(self.account_id)
