"""Which users are to be gone once nothing of their mailboxes is left."""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from syncjobs.clock import SyncNow


class Leaving(models.Model):
    """A user who is deleted; the row goes with them."""

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, primary_key=True, related_name="leaving"
    )
    by = models.CharField(max_length=150)
    asked_at = models.DateTimeField(db_default=SyncNow())

    class Meta:
        verbose_name = _("leaving user")
        verbose_name_plural = _("leaving users")

    def __str__(self) -> str:
        return str(self.user)
