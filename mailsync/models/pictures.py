"""The figures behind the pictures of a mailbox."""

from datetime import timedelta

from django.db import models
from django.utils.translation import gettext_lazy as _

from mailsync.models.accounts import Account


class Pictures(models.Model):
    """What was counted of a mailbox, when, in how long, by whose clock: drawing it asks nothing of a hundred thousand messages."""

    account = models.OneToOneField(Account, on_delete=models.CASCADE, primary_key=True, related_name="pictures")
    as_of = models.DateTimeField()
    took = models.DurationField(default=timedelta())
    zone = models.CharField(max_length=64)
    data = models.JSONField()

    class Meta:
        verbose_name = _("pictures")
        verbose_name_plural = _("pictures")

    def __str__(self) -> str:
        return f"{self.account_id} @ {self.as_of}"
