"""What is stored of a mailbox: account, checkpoint, labels, messages, debts, proofs."""

from datetime import timedelta
from typing import Any

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVectorField
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
        """Those that the clock may sync."""
        return self.filter(paused_at=None, state=Account.State.OK)

    def due(self) -> "AccountQuerySet":
        """Those whose next sync is due now."""
        return self.scheduled().filter(next_sync_at__lte=SyncNow())


class Account(models.Model):
    """One mailbox of one user, with its grant and its schedule."""

    class State(models.TextChoices):
        """Whether Google lets us in."""

        OK = "ok", _("Connected")
        RECONNECT = "reconnect_needed", _("Needs to be reconnected")

    class Policy(models.TextChoices):
        """How much of each message is mirrored."""

        ARCHIVE = "archive", _("Every byte")

    class DeletedPolicy(models.TextChoices):
        """What happens to mail that was deleted in Gmail."""

        KEEP = "keep", _("Keep, and mark as deleted")
        REMOVE = "remove", _("Remove")

    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="mail_accounts")
    email = models.EmailField(max_length=320)
    state = models.CharField(max_length=20, choices=State, default=State.OK)
    credentials = EncryptedTextField(default="", help_text=_("The grant, encrypted."))
    policy = models.CharField(max_length=10, choices=Policy, default=Policy.ARCHIVE)
    deleted_policy = models.CharField(max_length=10, choices=DeletedPolicy, default=DeletedPolicy.KEEP)

    interval = models.DurationField(default=first_interval)
    next_sync_at = models.DateTimeField(null=True)
    paused_at = models.DateTimeField(null=True, blank=True)

    last_sync_attempt = models.DateTimeField(null=True)
    last_success_at = models.DateTimeField(null=True)
    complete_as_of = models.DateTimeField(null=True, help_text=_("When the mirror was last proven to lack nothing."))
    sync_message_code = models.CharField(max_length=64, default="never_synced")
    sync_message_params = models.JSONField(default=dict)
    created_at = models.DateTimeField(db_default=SyncNow())

    objects = AccountQuerySet.as_manager()

    class Meta:
        verbose_name = _("account")
        verbose_name_plural = _("accounts")
        constraints = [models.UniqueConstraint(fields=["owner", "email"], name="one_account_per_owner_and_address")]
        indexes = [
            models.Index(fields=["next_sync_at"], condition=Q(paused_at=None, state="ok"), name="accounts_by_due_time")
        ]

    def __str__(self) -> str:
        return self.email

    @property
    def resource(self) -> str:
        """The name of this mailbox among the resources of jobs."""
        return f"mailbox:{self.pk}"


class Checkpoint(models.Model):
    """How far a mailbox is mirrored; in a table of its own, so that a page never touches the account's row."""

    account = models.OneToOneField(Account, on_delete=models.CASCADE, primary_key=True, related_name="checkpoint")
    history_id = models.BigIntegerField(null=True, help_text=_("Everything up to here is mirrored or listed as a debt."))
    position = models.JSONField(default=dict, help_text=_("Where an unfinished pass stands; empty between passes."))
    seq = models.BigIntegerField(default=0)
    updated_at = models.DateTimeField(db_default=SyncNow())

    class Meta:
        verbose_name = _("checkpoint")
        verbose_name_plural = _("checkpoints")

    def __str__(self) -> str:
        return f"{self.account_id} @ {self.history_id}"


class Label(models.Model):
    """A label of Gmail, by its own id."""

    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="labels")
    label_id = models.CharField(max_length=255)
    name = models.CharField(max_length=1024)
    type = models.CharField(max_length=16)

    class Meta:
        verbose_name = _("label")
        verbose_name_plural = _("labels")
        constraints = [models.UniqueConstraint(fields=["account", "label_id"], name="one_label_per_account_and_id")]

    def __str__(self) -> str:
        return self.name


class MessageQuerySet(models.QuerySet["Message"]):
    """Questions about mail."""

    def of(self, user: Any) -> "MessageQuerySet":
        """The mail of a user's own accounts."""
        return self.filter(account__owner=user)

    def present(self) -> "MessageQuerySet":
        """Not deleted in Gmail."""
        return self.filter(deleted_at=None)

    def outside_spam_and_trash(self) -> "MessageQuerySet":
        """What Gmail shows unless asked for more."""
        return self.exclude(labels__overlap=["SPAM", "TRASH"])


class Message(models.Model):
    """One mail as Gmail has it: labels by id, fields for finding, times by Gmail's own clock."""

    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="messages")
    gmail_id = models.CharField(max_length=32, db_collation="C")
    thread_id = models.CharField(max_length=32, db_collation="C")
    labels = ArrayField(models.CharField(max_length=255), default=list)
    labels_as_of = models.BigIntegerField(help_text=_("The historyId the labels were seen at; older never overwrites newer."))
    history_id = models.BigIntegerField()
    internal_date = models.DateTimeField()
    size = models.BigIntegerField()
    snippet = models.TextField(default="")
    subject = models.TextField(default="")
    sender_name = models.TextField(default="")
    sender_email = models.TextField(default="")
    to = models.JSONField(default=list)
    cc = models.JSONField(default=list)
    date = models.DateTimeField(null=True)
    message_id = models.TextField(default="")
    has_attachments = models.BooleanField(default=False)
    attachments = models.JSONField(default=list)
    defects = ArrayField(models.TextField(), default=list, help_text=_("What the parser had to guess or leave out."))
    fidelity = models.CharField(max_length=10, default="raw")
    deleted_at = models.DateTimeField(null=True, help_text=_("When it was seen to be deleted in Gmail."))
    stored_at = models.DateTimeField(db_default=SyncNow())
    search = SearchVectorField(null=True)

    objects = MessageQuerySet.as_manager()

    class Meta:
        verbose_name = _("message")
        verbose_name_plural = _("messages")
        constraints = [models.UniqueConstraint(fields=["account", "gmail_id"], name="one_message_per_account_and_id")]
        indexes = [
            models.Index(fields=["account", "-internal_date", "-gmail_id"], name="mail_newest_first"),
            models.Index(fields=["account", "thread_id"], name="mail_by_thread"),
            GinIndex(fields=["labels"], name="mail_by_label"),
            GinIndex(fields=["search"], name="mail_by_word"),
        ]

    def __str__(self) -> str:
        return self.gmail_id


class RawMessage(models.Model):
    """The exact bytes of a mail, compressed."""

    message = models.OneToOneField(Message, on_delete=models.CASCADE, primary_key=True, related_name="raw")
    data = models.BinaryField()
    size = models.BigIntegerField()
    sha256 = models.BinaryField(max_length=32)

    class Meta:
        verbose_name = _("raw message")
        verbose_name_plural = _("raw messages")

    def __str__(self) -> str:
        return str(self.message_id)


class Listed(models.Model):
    """What Gmail listed during a pass that compares the whole mailbox: a stub that no reader sees.

    Kept true by the history that is replayed meanwhile, and emptied when the pass has ended with its certificate.
    """

    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="+")
    gmail_id = models.CharField(max_length=32, db_collation="C")
    thread_id = models.CharField(max_length=32, db_collation="C")
    wanted = models.BooleanField(default=True, help_text=_("Still to be fetched."))
    large = models.BooleanField(default=False, help_text=_("Too big for a batch: fetched alone, streamed."))

    class Meta:
        verbose_name = _("listed message")
        verbose_name_plural = _("listed messages")
        constraints = [models.UniqueConstraint(fields=["account", "gmail_id"], name="listed_once")]
        indexes = [models.Index(fields=["account", "large", "id"], condition=Q(wanted=True), name="wanted_in_order")]

    def __str__(self) -> str:
        return self.gmail_id


class Failure(models.Model):
    """A debt: a message that could not be mirrored yet, tried again with every pass."""

    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="failures")
    gmail_id = models.CharField(max_length=32, db_collation="C")
    code = models.CharField(max_length=64)
    reason = models.TextField(default="")
    attempts = models.IntegerField(db_default=1)
    first_at = models.DateTimeField(db_default=SyncNow())
    last_at = models.DateTimeField(db_default=SyncNow())

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
    labels_checked = models.IntegerField(default=0)

    class Meta:
        verbose_name = _("certificate")
        verbose_name_plural = _("certificates")
        indexes = [models.Index(fields=["account", "-id"], name="newest_certificate")]

    def __str__(self) -> str:
        return f"{self.account_id}: {self.mirrored}/{self.listed}"


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


class Preferences(models.Model):
    """How a user wants to see the pages."""

    user = models.OneToOneField(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, primary_key=True, related_name="preferences")
    language = models.CharField(_("language"), max_length=10, default="", blank=True)
    time_zone = models.CharField(_("time zone"), max_length=64, default="", blank=True)

    class Meta:
        verbose_name = _("preferences")
        verbose_name_plural = _("preferences")

    def __str__(self) -> str:
        return str(self.user)


class ApiToken(models.Model):
    """A user's key to the API, kept as a hash."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="api_tokens")
    label = models.CharField(_("label"), max_length=100, default="")
    digest = models.CharField(max_length=64, unique=True)
    created_at = models.DateTimeField(db_default=SyncNow())
    expires_at = models.DateTimeField(null=True)
    last_used_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("API token")
        verbose_name_plural = _("API tokens")

    def __str__(self) -> str:
        return self.label or str(self.pk)
