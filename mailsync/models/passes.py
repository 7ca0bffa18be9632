"""What a pass over a whole mailbox lists, owes, proves."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from mailsync.models.accounts import Account
from syncjobs.clock import SyncNow


class Listed(models.Model):
    """What Gmail listed during a pass that compares the whole mailbox: a stub that no reader sees.

    Kept true by the history that is replayed meanwhile, and emptied when the pass has ended with its certificate.
    """

    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="+")
    gmail_id = models.CharField(max_length=32, db_collation="C")
    thread_id = models.CharField(max_length=32, db_collation="C")
    wanted = models.BooleanField(default=True, help_text=_("Still to be fetched."))
    compared = models.CharField(
        max_length=255,
        db_default="",
        help_text=_("The label that was last seen on it when labels were compared by listing."),
    )
    large = models.BooleanField(default=False, help_text=_("Too big for a batch: fetched alone, streamed."))

    class Meta:
        verbose_name = _("listed message")
        verbose_name_plural = _("listed messages")
        constraints = [models.UniqueConstraint(fields=["account", "gmail_id"], name="listed_once")]
        indexes = [
            models.Index(fields=["account", "large", "id"], condition=Q(wanted=True), name="wanted_in_order"),
            models.Index(fields=["account", "thread_id"], condition=Q(wanted=True), name="wanted_of_a_thread"),
        ]

    def __str__(self) -> str:
        return self.gmail_id


class Failure(models.Model):
    """A debt: a message that could not be mirrored yet, tried again by the syncs that find it due."""

    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="failures")
    gmail_id = models.CharField(max_length=32, db_collation="C")
    code = models.CharField(max_length=64)
    reason = models.TextField(default="")
    attempts = models.IntegerField(db_default=1)
    first_at = models.DateTimeField(db_default=SyncNow())
    last_at = models.DateTimeField(db_default=SyncNow())
    next_try_at = models.DateTimeField(db_default=SyncNow(), help_text=_("No sync tries it before, unless asked to."))

    class Meta:
        verbose_name = _("failure")
        verbose_name_plural = _("failures")
        constraints = [models.UniqueConstraint(fields=["account", "gmail_id"], name="one_debt_per_message")]

    def __str__(self) -> str:
        return f"{self.gmail_id}: {self.code}"


class Certificate(models.Model):
    """The proof that ended a pass over the whole mailbox: what Gmail listed against what the mirror holds."""

    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="certificates")
    job = models.CharField(max_length=64)
    at = models.DateTimeField(db_default=SyncNow())
    history_id = models.BigIntegerField(help_text=_("The state of the mailbox that it holds for."))
    listed = models.BigIntegerField()
    mirrored = models.BigIntegerField()
    missing = models.JSONField(default=list, help_text=_("The first hundred ids that Gmail has and the mirror lacks."))
    missing_count = models.BigIntegerField(default=0)
    owed_count = models.BigIntegerField(default=0, help_text=_("Those of the missing that are listed as failures."))
    labels_checked = models.IntegerField(default=0)
    labels_corrected = models.BigIntegerField(
        default=0, help_text=_("Labels that the mirror had otherwise than Gmail.")
    )
    bytes_checked = models.IntegerField(default=0, help_text=_("Messages whose bytes were held against their hash."))
    bytes_damaged = models.IntegerField(
        default=0, help_text=_("Those of them whose bytes had changed, and were fetched again.")
    )

    class Meta:
        verbose_name = _("certificate")
        verbose_name_plural = _("certificates")
        indexes = [models.Index(fields=["account", "-id"], name="newest_certificate")]

    def __str__(self) -> str:
        return f"{self.account_id}: {self.mirrored}/{self.listed}"

    @property
    def complete(self) -> bool:
        """Whether it proves that the mirror lacked nothing."""
        return self.missing_count == 0

    @property
    def lacks_debts_alone(self) -> bool:
        """Whether it proves completeness as soon as every debt is paid."""
        return self.missing_count == self.owed_count
