"""Which grants are still to be ended at Google."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from mailsync.encryption import EncryptedTextField
from syncjobs.clock import SyncNow


class Revocation(models.Model):
    """A grant that nobody here needs any more; it outlives the account, so that Google's trouble keeps nobody waiting."""

    email = models.CharField(max_length=320)
    token = EncryptedTextField(help_text=_("The refresh token, encrypted."))
    asked_at = models.DateTimeField(db_default=SyncNow())
    not_before = models.DateTimeField(db_default=SyncNow())
    attempts = models.IntegerField(db_default=0)

    class Meta:
        verbose_name = _("revocation")
        verbose_name_plural = _("revocations")

    def __str__(self) -> str:
        return self.email
