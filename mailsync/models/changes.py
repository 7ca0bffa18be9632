"""What happened to each message, line by line."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.translation import gettext_lazy as _

from mailsync.models.accounts import Account
from syncjobs.clock import SyncNow


class Change(models.Model):
    """A line of a message's log, written with the change itself, never altered; it outlives the message."""

    class Kind(models.TextChoices):
        """What happened."""

        ADDED = "added", _("Added to the mirror")
        LABELS = "labels", _("Labels changed")
        DELETED = "deleted", _("Deleted in Gmail")
        RESTORED = "restored", _("Came back")

    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="changes")
    gmail_id = models.CharField(max_length=32, db_collation="C")
    at = models.DateTimeField(db_default=SyncNow())
    kind = models.CharField(max_length=8, choices=Kind)
    labels_added = ArrayField(models.CharField(max_length=255), default=list)
    labels_removed = ArrayField(models.CharField(max_length=255), default=list)
    history_id = models.BigIntegerField(help_text=_("The state of the mailbox that it was seen in."))
    task_id = models.CharField(max_length=64, help_text=_("The job that saw it."))

    class Meta:
        verbose_name = _("change")
        verbose_name_plural = _("changes")
        indexes = [models.Index(fields=["account", "gmail_id", "id"], name="changes_of_a_message")]

    def __str__(self) -> str:
        return f"{self.gmail_id}: {self.kind}"
