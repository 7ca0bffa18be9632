"""What users downloaded of their mail."""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from mailsync.models.accounts import Account
from syncjobs.clock import SyncNow


class Export(models.Model):
    """A download of mail: what was asked for, how much of it was had."""

    class Form(models.TextChoices):
        """The form of the file."""

        MBOX = "mbox", _("One file for mail programs (mbox)")
        ZIP = "zip", _("A zip with a file for each message (.eml)")

    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="exports")
    account = models.ForeignKey(
        Account, on_delete=models.CASCADE, null=True, related_name="+", help_text=_("None: all of the owner's.")
    )
    form = models.CharField(max_length=4, choices=Form)
    label = models.CharField(max_length=255, default="")
    q = models.TextField(default="")
    started_at = models.DateTimeField(db_default=SyncNow())
    seen_at = models.DateTimeField(db_default=SyncNow(), help_text=_("Its last sign of life."))
    finished_at = models.DateTimeField(null=True)
    whole = models.BooleanField(null=True, help_text=_("Whether it came to its end."))
    messages = models.BigIntegerField(default=0)
    bytes = models.BigIntegerField(default=0)
    missing_count = models.BigIntegerField(default=0)
    missing = models.JSONField(default=list, help_text=_("The first of the messages that could not be had, and why."))

    class Meta:
        verbose_name = _("export")
        verbose_name_plural = _("exports")
        indexes = [models.Index(fields=["owner", "-id"], name="exports_of_a_user")]

    def __str__(self) -> str:
        return f"{self.owner_id}: {self.form}"
