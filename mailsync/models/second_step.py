"""What a user signs in with beside the password."""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from mailsync.encryption import EncryptedTextField
from syncjobs.clock import SyncNow


class SecondStep(models.Model):
    """The secret that an authenticator application shares with us; in force once a first code has proven it."""

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, primary_key=True, related_name="second_step"
    )
    secret = EncryptedTextField(help_text=_("In base 32, encrypted."))
    confirmed_at = models.DateTimeField(null=True)
    last_used = models.BigIntegerField(
        db_default=0, help_text=_("The half minute of the last code: none is good twice.")
    )
    failures = models.IntegerField(db_default=0)
    not_before = models.DateTimeField(db_default=SyncNow(), help_text=_("No code is looked at before."))

    class Meta:
        verbose_name = _("second step of signing in")
        verbose_name_plural = _("second steps of signing in")

    def __str__(self) -> str:
        return str(self.pk)


class RecoveryCode(models.Model):
    """A code for whoever has lost the authenticator: kept as a hash, good once."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="recovery_codes")
    digest = models.CharField(max_length=64)

    class Meta:
        verbose_name = _("recovery code")
        verbose_name_plural = _("recovery codes")
        constraints = [models.UniqueConstraint(fields=["user", "digest"], name="one_row_per_recovery_code")]

    def __str__(self) -> str:
        return str(self.pk)
