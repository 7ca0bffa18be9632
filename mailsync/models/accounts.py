"""Mailboxes of users, how far each is mirrored, what it has cost."""

from datetime import timedelta

from django.conf import settings
from django.contrib.auth import get_user_model
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from mailsync.encryption import EncryptedTextField
from syncjobs.clock import SyncNow


def first_interval() -> timedelta:
    """The interval of a new account's schedule."""
    return settings.SYNC_INTERVAL


class AccountQuerySet(models.QuerySet["Account"]):
    """Questions about accounts."""

    def scheduled(self) -> "AccountQuerySet":
        """Those that the clock may sync.

        By a subquery: a join would let whoever locks an account lock its owner as well.
        """
        active = get_user_model()._base_manager.filter(is_active=True).values("pk")
        return self.filter(paused_at=None, state=Account.State.OK, owner__in=active)

    def due(self) -> "AccountQuerySet":
        """Those whose next sync is due now."""
        return self.scheduled().filter(next_sync_at__lte=SyncNow())


class Accounts(models.Manager.from_queryset(AccountQuerySet)):  # type: ignore[misc]
    """Accounts without their grants, which are read where a mailbox is opened: one that no key opens disturbs nobody else.

    One that is being erased is gone for everybody but the eraser.
    """

    def get_queryset(self) -> AccountQuerySet:
        """All of them."""
        return super().get_queryset().defer("credentials").filter(erasing_since=None)


class Erasing(models.Manager["Account"]):
    """Accounts whose owner wants nothing of them left."""

    def get_queryset(self) -> models.QuerySet["Account"]:
        """All of them, also without their grants."""
        return super().get_queryset().defer("credentials").filter(erasing_since__isnull=False)


class Account(models.Model):
    """One mailbox of one user, with its grant and its schedule."""

    class State(models.TextChoices):
        """Whether Google lets us in."""

        OK = "ok", _("Connected")
        RECONNECT = "reconnect_needed", _("Needs to be reconnected")
        DISCONNECTED = "disconnected", _("Disconnected")

    class Policy(models.TextChoices):
        """How much of each message is mirrored."""

        BOTH = "both", _("Readable first, then every byte")
        ARCHIVE = "archive", _("Every byte at once")
        READABLE = "readable", _("Readable; every byte on demand")

    class DeletedPolicy(models.TextChoices):
        """What happens to mail that was deleted in Gmail."""

        KEEP = "keep", _("Keep, and mark as deleted")
        REMOVE = "remove", _("Remove")

    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="mail_accounts")
    email = models.EmailField(max_length=320)
    state = models.CharField(max_length=20, choices=State, default=State.OK)
    credentials = EncryptedTextField(default="", help_text=_("The grant, encrypted."))
    grant_ends_at = models.DateTimeField(null=True, help_text=_("When Google will end the grant, where it says so."))
    policy = models.CharField(max_length=10, choices=Policy, default=Policy.BOTH)
    deleted_policy = models.CharField(max_length=10, choices=DeletedPolicy, default=DeletedPolicy.KEEP)

    interval = models.DurationField(default=first_interval)
    next_sync_at = models.DateTimeField(null=True)
    paused_at = models.DateTimeField(null=True, blank=True)

    last_sync_attempt = models.DateTimeField(null=True)
    last_success_at = models.DateTimeField(null=True)
    complete_as_of = models.DateTimeField(null=True, help_text=_("When the mirror was last proven to lack nothing."))
    trouble = models.CharField(
        max_length=20, default="", db_default="", help_text=_("What its owner was last told is wrong with it.")
    )
    troubles = models.IntegerField(default=0, db_default=0, help_text=_("How often that changed."))
    sync_message_code = models.CharField(max_length=64, default="never_synced")
    sync_message_params = models.JSONField(default=dict)
    created_at = models.DateTimeField(db_default=SyncNow())
    erasing_since = models.DateTimeField(null=True, editable=False)
    refreshing_until = models.DateTimeField(
        null=True, editable=False, help_text=_("Until then one process asks for a token on behalf of all.")
    )

    objects = Accounts()
    erasing = Erasing()

    class Meta:
        verbose_name = _("account")
        verbose_name_plural = _("accounts")
        constraints = [
            # One that is being erased does not keep its owner from beginning anew with the same address.
            models.UniqueConstraint(
                fields=["owner", "email"], condition=Q(erasing_since=None), name="one_account_per_owner_and_address"
            )
        ]
        indexes = [
            models.Index(fields=["next_sync_at"], condition=Q(paused_at=None, state="ok"), name="accounts_by_due_time"),
            models.Index(fields=["erasing_since"], condition=Q(erasing_since__isnull=False), name="accounts_to_erase"),
            models.Index(fields=["email"], name="accounts_by_address"),  # what a notification names
        ]

    def __str__(self) -> str:
        return self.email

    @property
    def resource(self) -> str:
        """The name of this mailbox among the resources of jobs."""
        return f"mailbox:{self.pk}"

    @property
    def raw_resource(self) -> str:
        """The same of its raw bytes, which a job of their own fetches beside every other."""
        return f"raw:{self.pk}"

    @property
    def wants_raw(self) -> bool:
        """Whether the raw bytes of every message are to be held, at once or later."""
        return self.policy != self.Policy.READABLE


class Checkpoint(models.Model):
    """How far a mailbox is mirrored; in a table of its own, so that a page never touches the account's row."""

    account = models.OneToOneField(Account, on_delete=models.CASCADE, primary_key=True, related_name="checkpoint")
    history_id = models.BigIntegerField(
        null=True, help_text=_("Everything up to here is mirrored or listed as a debt.")
    )
    position = models.JSONField(default=dict, help_text=_("Where an unfinished pass stands; empty between passes."))
    seq = models.BigIntegerField(default=0)
    updated_at = models.DateTimeField(db_default=SyncNow())

    class Meta:
        verbose_name = _("checkpoint")
        verbose_name_plural = _("checkpoints")

    def __str__(self) -> str:
        return f"{self.account_id} @ {self.history_id}"


class Usage(models.Model):
    """The units that an account spent in a day (UTC)."""

    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="usage")
    day = models.DateField()
    units = models.BigIntegerField(default=0)
    requests = models.BigIntegerField(default=0)

    class Meta:
        verbose_name = _("usage")
        verbose_name_plural = _("usage")
        constraints = [models.UniqueConstraint(fields=["account", "day"], name="one_ledger_line_per_day")]

    def __str__(self) -> str:
        return f"{self.day}: {self.units}"
