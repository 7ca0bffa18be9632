"""Labels, messages, their exact bytes."""

from collections.abc import Sequence
from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex, HashIndex, OpClass
from django.contrib.postgres.search import SearchVectorField
from django.db import models
from django.db.models import F, Func, Q, TextField
from django.db.models.functions import Cast, Upper
from django.utils.translation import gettext_lazy as _

from mailsync.models.accounts import Account
from syncjobs.clock import SyncNow

MOST_REFUSALS = 10  # after which nobody asks for raw bytes by himself any more


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


class LabelCountQuerySet(models.QuerySet["LabelCount"]):
    """Questions about counts."""

    def labels_of(self, accounts: Sequence[Account]) -> "LabelCountQuerySet":
        """Those of real labels."""
        return self.filter(account__in=accounts).exclude(label_id="")

    def whole(self, accounts: Sequence[Account]) -> dict[int, int]:
        """How many messages each of these accounts holds that Gmail has not deleted; none where there is no entry."""
        return dict(self.filter(account__in=accounts, label_id="").values_list("account", "total"))


class LabelCount(models.Model):
    """How many messages have a label, and all of a mailbox (''): a trigger on messages keeps it, counting takes a second a look."""

    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="label_counts")
    label_id = models.CharField(max_length=255)
    total = models.BigIntegerField(default=0)
    unread = models.BigIntegerField(default=0)

    objects = LabelCountQuerySet.as_manager()

    class Meta:
        verbose_name = _("label count")
        verbose_name_plural = _("label counts")
        constraints = [models.UniqueConstraint(fields=["account", "label_id"], name="one_count_per_account_and_label")]

    def __str__(self) -> str:
        return f"{self.label_id}: {self.total}"


class MessageQuerySet(models.QuerySet["Message"]):
    """Questions about mail."""

    def of(self, user: Any) -> "MessageQuerySet":
        """The mail of a user's own accounts."""
        return self.filter(account__owner=user, account__erasing_since=None)

    def present(self) -> "MessageQuerySet":
        """Not deleted in Gmail."""
        return self.filter(deleted_at=None)

    def outside_spam_and_trash(self) -> "MessageQuerySet":
        """What Gmail shows unless asked for more."""
        return self.exclude(labels__overlap=["SPAM", "TRASH"])


class Terms(Func):
    """The words and pairs of letters in a text of words: what its index has of it. Slow: made anew for each row asked."""

    function = "mailsync_terms"
    output_field = SearchVectorField()


def parts_of(text: Any) -> OpClass:
    """Any three letters in a row, in either case: what `icontains` asks for."""
    return OpClass(Upper(text), name="gin_trgm_ops")


class Message(models.Model):
    """One mail as Gmail has it: labels by id, fields for finding, times by Gmail's own clock."""

    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="messages")
    gmail_id = models.CharField(max_length=32, db_collation="C")
    thread_id = models.CharField(max_length=32, db_collation="C")
    labels = ArrayField(models.CharField(max_length=255), default=list)
    labels_as_of = models.BigIntegerField(
        help_text=_("The historyId the labels were seen at; older never overwrites newer.")
    )
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
    deleted_at = models.DateTimeField(null=True, help_text=_("When it was seen to be deleted in Gmail."))
    stored_at = models.DateTimeField(db_default=SyncNow())
    words = models.TextField(null=True, help_text=_("What a search looks through: the words of subject, names, text."))

    objects = MessageQuerySet.as_manager()

    class Meta:
        verbose_name = _("message")
        verbose_name_plural = _("messages")
        constraints = [models.UniqueConstraint(fields=["account", "gmail_id"], name="one_message_per_account_and_id")]
        indexes = [
            models.Index(fields=["account", "-internal_date", "-gmail_id"], name="mail_newest_first"),
            models.Index(fields=["account", "thread_id"], name="mail_by_thread"),
            GinIndex(fields=["labels"], name="mail_by_label"),
            GinIndex(Terms("words"), name="mail_by_term"),
            GinIndex(
                *(parts_of(F(name)) for name in ("sender_email", "sender_name", "subject")),
                *(parts_of(Cast(name, TextField())) for name in ("to", "cc", "attachments")),
                name="mail_by_part_of_text",
            ),
            HashIndex(fields=["message_id"], name="mail_by_message_id"),
            models.Index(fields=["account", "size"], name="mail_by_size"),
            models.Index(
                fields=["account", "-internal_date"], name="mail_with_files", condition=Q(has_attachments=True)
            ),
            models.Index(
                fields=["account", "-internal_date"], name="deleted_mail", condition=Q(deleted_at__isnull=False)
            ),
            models.Index(fields=["-internal_date"], name="mail_without_words", condition=Q(words=None)),
        ]

    def __str__(self) -> str:
        return self.gmail_id

    @property
    def fidelity(self) -> str:
        """How much of it is held: "raw", every byte, or "full", what a reader sees."""
        return "raw" if RawMessage.objects.filter(message=self.pk).exists() else "full"


class BodyQuerySet(models.QuerySet["Body"]):
    """Questions about what is owed."""

    def owed(self, account: Account) -> "BodyQuerySet":
        """Those for which raw bytes are to be had, of the first sync newest first."""
        return self.owed_by([account]).order_by("message_id")

    def owed_by(self, accounts: Sequence[Account]) -> "BodyQuerySet":
        """The same of several mailboxes, in no order."""
        return self.filter(account__in=accounts, message__deleted_at=None, refusals__lt=MOST_REFUSALS)


class Body(models.Model):
    """What a reader sees of a mail whose raw bytes are not held; its row goes when they come: so it says what is owed."""

    message = models.OneToOneField(Message, on_delete=models.CASCADE, primary_key=True, related_name="body")
    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="+", db_index=False)
    data = models.BinaryField(help_text=_("Headers, text, HTML as JSON, compressed."))
    sha256 = models.BinaryField(max_length=32, null=True, help_text=_("Of `data`; older rows have none."))
    refusals = models.SmallIntegerField(db_default=0, help_text=_("How often Gmail would not give the raw bytes."))
    refused_at = models.DateTimeField(null=True, help_text=_("When it last would not."))

    objects = BodyQuerySet.as_manager()

    class Meta:
        verbose_name = _("body")
        verbose_name_plural = _("bodies")
        indexes = [models.Index(fields=["account", "message"], name="raw_bytes_owed")]

    def __str__(self) -> str:
        return str(self.message_id)


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
