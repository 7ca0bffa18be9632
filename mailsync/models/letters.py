"""Letters that are still to be sent, invitations that wait to be accepted."""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from syncjobs.clock import SyncNow


class Letter(models.Model):
    """A letter to write: which, to whom; its row goes when it is sent. The link in it is made then, and stored nowhere."""

    class Kind(models.TextChoices):
        """What it is about."""

        RESET = "reset", _("Password reset")
        INVITATION = "invitation", _("Invitation")
        NEW_ADDRESS = "new_address", _("Confirmation of an e-mail address")
        ADDRESS_LEFT = "address_left", _("Notice of a changed e-mail address")
        PASSWORD_CHANGED = "password_changed", _("Notice of a changed password")

    kind = models.CharField(max_length=20, choices=Kind)
    address = models.EmailField(max_length=320)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.CASCADE, related_name="+")
    language = models.CharField(max_length=10, default="", blank=True)
    asked_at = models.DateTimeField(db_default=SyncNow())
    not_before = models.DateTimeField(db_default=SyncNow())
    attempts = models.IntegerField(db_default=0)

    class Meta:
        verbose_name = _("letter")
        verbose_name_plural = _("letters")
        constraints = [
            # Closes the race of impatient clicks: one letter waits, however often it was asked for.
            models.UniqueConstraint(
                fields=["kind", "address", "user"], name="one_letter_waits_per_purpose", nulls_distinct=False
            )
        ]

    def __str__(self) -> str:
        return f"{self.kind}: {self.address}"


class Invitation(models.Model):
    """Whoever reads the mail of this address may make an account here, once; its row goes when that is done or too late."""

    email = models.EmailField(max_length=320, unique=True)
    invited_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    made_at = models.DateTimeField(db_default=SyncNow())
    expires_at = models.DateTimeField()

    class Meta:
        verbose_name = _("invitation")
        verbose_name_plural = _("invitations")

    def __str__(self) -> str:
        return self.email
