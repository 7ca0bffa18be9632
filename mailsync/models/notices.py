"""What users want to hear of, what is still to be told to them."""

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.translation import gettext_lazy as _

from mailsync.models.accounts import Account
from syncjobs.clock import SyncNow


class Event(models.TextChoices):
    """What happens to a mailbox, once each time; a problem is told when it begins, when it changes, when it is over."""

    FAILED = "failed", _("A sync fails for the first time")
    RECONNECT = "reconnect_needed", _("A mailbox needs to be reconnected")
    RECOVERED = "recovered", _("A mailbox works again")
    PUSH_LAPSED = "push_lapsed", _("Gmail no longer announces new mail")


def every_event() -> list[str]:
    """All of them: what is wanted unless somebody says otherwise."""
    return list(Event.values)


class NoticeChoice(models.Model):
    """Of what a user wants to hear, and by which ways. Without a row: of everything, by e-mail."""

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, primary_key=True, related_name="notice_choice"
    )
    events = ArrayField(models.CharField(max_length=20, choices=Event), default=every_event, blank=True)
    mail = models.BooleanField(default=True)
    webhook_url = models.URLField(max_length=500, default="", blank=True)

    class Meta:
        verbose_name = _("choice of notifications")
        verbose_name_plural = _("choices of notifications")

    def __str__(self) -> str:
        return str(self.user_id)


class Notice(models.Model):
    """One thing to tell to one user by one way; the row is written with what happened, and marked when it is told."""

    class Way(models.TextChoices):
        """How it is told."""

        MAIL = "mail", _("E-mail")
        WEBHOOK = "webhook", _("Webhook")

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="notices")
    account = models.ForeignKey(Account, on_delete=models.CASCADE, null=True, related_name="+")
    event = models.CharField(max_length=20, help_text=_("One of the events, or a test."))
    way = models.CharField(max_length=10, choices=Way)
    facts = models.JSONField(default=dict, help_text=_("What the words are made of."))
    dedupe_key = models.CharField(max_length=200, unique=True, help_text=_("The same happening is told once a way."))
    at = models.DateTimeField(db_default=SyncNow())
    not_before = models.DateTimeField(db_default=SyncNow())
    attempts = models.IntegerField(db_default=0)
    delivered_at = models.DateTimeField(null=True)
    given_up_at = models.DateTimeField(null=True)
    trouble = models.CharField(max_length=40, default="", help_text=_("What kept the last attempt from success."))

    class Meta:
        verbose_name = _("notification")
        verbose_name_plural = _("notifications")
        constraints = [
            # Closes the race of a slow attempt with the one that gives up: what was delivered stays so.
            models.CheckConstraint(
                condition=models.Q(delivered_at=None) | models.Q(given_up_at=None), name="a_notice_ends_one_way"
            )
        ]
        indexes = [
            models.Index(
                fields=["not_before"], name="notices_due", condition=models.Q(delivered_at=None, given_up_at=None)
            ),
            models.Index(fields=["user", "-id"], name="notices_of_a_user"),
        ]

    def __str__(self) -> str:
        return self.dedupe_key
