"""Jobs, their events, the heartbeats of those who run them: fields, constraints, questions; no transitions."""

import secrets
import time
from datetime import timedelta

from django.conf import settings
from django.db import models
from django.db.models import ExpressionWrapper, F, FloatField, Q
from django.db.models.functions import Extract, Greatest, Least, Power
from django.utils.translation import gettext_lazy as _

from syncjobs import backoff
from syncjobs.admission import Scope
from syncjobs.clock import SyncNow, in_
from syncjobs.states import ACTIVE, FINAL, Phase, Queue, State, Trigger


class SyncJobQuerySet(models.QuerySet["SyncJob"]):
    """Questions about jobs that finish an English sentence."""

    def active(self) -> "SyncJobQuerySet":
        """Not final yet."""
        return self.filter(state__in=ACTIVE)

    def unleased(self) -> "SyncJobQuerySet":
        """Held by no worker that is still within its lease."""
        return self.filter(Q(lease_token=None) | Q(lease_until__lt=SyncNow()))

    def due(self) -> "SyncJobQuerySet":
        """Active, unleased, allowed to run now."""
        return self.active().unleased().filter(not_before__lte=SyncNow())

    def silent_for(self, span: timedelta) -> "SyncJobQuerySet":
        """RUNNING without a sign of life for `span`; a wait that was announced counts as a sign of life until it ends."""
        return self.filter(state=State.RUNNING, heartbeat_at__lt=in_(-span), not_before__lt=in_(-span))

    def cancelling(self) -> "SyncJobQuerySet":
        """Active, but somebody wants it to end."""
        return self.active().filter(cancel_requested_at__isnull=False)

    def ignored_for(self, span: timedelta) -> "SyncJobQuerySet":
        """Asked that long ago to end, and still there."""
        return self.filter(cancel_requested_at__lt=in_(-span))

    def unanswered(self) -> "SyncJobQuerySet":
        """Rung for, or left behind by a lost worker, without anybody coming: messages get lost, busy workers need patience."""
        doublings = Least(Greatest(F("dispatch_count") - 1, 0), backoff.MOST_DOUBLINGS)
        patience = Least(backoff.FIRST_RING * Power(2.0, doublings), backoff.LONGEST_RING)
        silence = ExpressionWrapper(Extract(SyncNow() - F("dispatched_at"), "epoch"), output_field=FloatField())
        rung = self.annotate(silence=silence, patience=ExpressionWrapper(patience, output_field=FloatField()))
        return rung.filter(Q(silence__gt=F("patience")) | Q(dispatched_at=None, lease_token__isnull=False))

    def held_by(self, job: "SyncJob") -> "SyncJobQuerySet":
        """This very job under this very lease: the fence of everything a worker writes."""
        return self.filter(pk=job.pk, lease_token=job.lease_token, state=State.RUNNING)


def new_task_id(owner_id: int) -> str:
    """`sync_{user id}_{8 hex digits}_{unix seconds}`."""
    return f"sync_{owner_id}_{secrets.token_hex(4)}_{int(time.time())}"


class SyncJob(models.Model):
    """One job of one resource. The row is the truth: outbox, lease, progress; Celery is only the doorbell."""

    task_id = models.CharField(max_length=64, unique=True)
    kind = models.CharField(max_length=32)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="sync_jobs")
    resource = models.CharField(max_length=64)
    title = models.CharField(max_length=320)
    facts = models.JSONField(
        default=dict, help_text=_("What the kind wants shown of its resource, merged into the job's JSON.")
    )
    mode = models.CharField(_("type"), max_length=16)
    params = models.JSONField(default=dict)
    further = models.JSONField(null=True, help_text=_("The widest further pass asked for while this one ran."))
    trigger = models.CharField(max_length=8, choices=Trigger)

    state = models.CharField(max_length=9, choices=State, default=State.CREATED)
    phase = models.CharField(max_length=32, default=Phase.QUEUED)
    message_code = models.CharField(max_length=64, default="queued")
    message_params = models.JSONField(default=dict)
    stats = models.JSONField(default=dict)
    percentage = models.FloatField(default=0)
    rate_per_minute = models.FloatField(null=True)
    eta_seconds = models.FloatField(null=True)
    revision = models.BigIntegerField(default=1)

    queue = models.CharField(max_length=16, choices=Queue, default=Queue.INTERACTIVE)
    not_before = models.DateTimeField(db_default=SyncNow())
    dispatched_at = models.DateTimeField(null=True)
    dispatch_count = models.IntegerField(default=0)

    lease_token = models.UUIDField(null=True)
    lease_until = models.DateTimeField(null=True)
    heartbeat_at = models.DateTimeField(db_default=SyncNow())
    worker = models.CharField(max_length=255, default="")
    slices = models.IntegerField(default=0)
    attempts = models.IntegerField(default=0, help_text=_("Failed attempts since the last progress."))
    crashes = models.IntegerField(default=0, help_text=_("Workers lost since the last progress."))
    cancel_requested_at = models.DateTimeField(null=True)
    nudged_at = models.DateTimeField(
        null=True, help_text=_("When somebody last asked for it while it ran: it looks for news before its next page.")
    )

    # The W3C traceparent of who asked for it, where traces are told.
    trace = models.CharField(max_length=55, default="", db_default="")

    error_code = models.CharField(max_length=64, default="")
    error_params = models.JSONField(default=dict)
    traceback = models.TextField(default="")

    created_at = models.DateTimeField(db_default=SyncNow())
    started_at = models.DateTimeField(null=True)
    updated_at = models.DateTimeField(db_default=SyncNow())
    finished_at = models.DateTimeField(null=True)

    objects = SyncJobQuerySet.as_manager()

    class Meta:
        verbose_name = _("sync job")
        verbose_name_plural = _("sync jobs")
        constraints = [
            # Closes the race of two starts that both saw no active job, whatever locks they took.
            models.UniqueConstraint(
                fields=["resource"], condition=Q(state__in=ACTIVE), name="one_active_job_per_resource"
            ),
            # A crash between "final" and "when" cannot be told from a running job by its readers.
            models.CheckConstraint(
                condition=Q(state__in=FINAL, finished_at__isnull=False) | Q(state__in=ACTIVE, finished_at=None),
                name="finished_if_and_only_if_final",
            ),
            # A zombie that keeps a token on a final job could pass the fence.
            models.CheckConstraint(
                condition=Q(lease_token=None) | Q(state=State.RUNNING), name="lease_only_while_running"
            ),
            models.CheckConstraint(
                condition=Q(lease_token__isnull=True, lease_until__isnull=True)
                | Q(lease_token__isnull=False, lease_until__isnull=False),
                name="lease_has_an_end",
            ),
            # A bar that is full before the end, or an end without a full bar, would lie to whoever waits for it.
            models.CheckConstraint(
                condition=Q(state=State.SUCCEEDED, percentage=100)
                | (~Q(state=State.SUCCEEDED) & Q(percentage__lt=100)),
                name="full_if_and_only_if_succeeded",
            ),
        ]
        # No index holds lease, heartbeat or progress: every page updates them, and each such index would end HOT updates.
        indexes = [
            models.Index(fields=["owner", "-id"], name="jobs_of_an_owner"),
            models.Index(fields=["resource", "-id"], name="jobs_of_a_resource"),
            models.Index(fields=["finished_at"], condition=Q(state__in=FINAL), name="finished_jobs"),
        ]

    def __str__(self) -> str:
        return self.task_id

    @property
    def scope(self) -> Scope:
        """What the job does now."""
        return Scope(self.mode, self.params)

    @property
    def further_scope(self) -> Scope | None:
        """What it was asked to do after that."""
        return Scope(**self.further) if self.further else None

    @property
    def is_active(self) -> bool:
        """Whether it may still change."""
        return self.state in ACTIVE


class SyncJobEvent(models.Model):
    """One line of a job's log, replayable by id."""

    class Level(models.TextChoices):
        """How much it matters to a person."""

        INFO = "info", _("Info")
        WARNING = "warning", _("Warning")
        ERROR = "error", _("Error")

    job = models.ForeignKey(SyncJob, on_delete=models.CASCADE, related_name="events")
    at = models.DateTimeField(db_default=SyncNow())
    level = models.CharField(max_length=8, choices=Level, default=Level.INFO)
    code = models.CharField(max_length=64)
    params = models.JSONField(default=dict)

    class Meta:
        verbose_name = _("event")
        verbose_name_plural = _("events")
        ordering = ["id"]
        indexes = [models.Index(fields=["job", "id"], name="events_of_a_job")]

    def __str__(self) -> str:
        return f"{self.code} {self.params or ''}".strip()


class Heartbeat(models.Model):
    """When somebody was last seen doing what the name says: a queue's consumer, the beat."""

    name = models.CharField(max_length=64, primary_key=True)
    seen_at = models.DateTimeField(db_default=SyncNow())

    class Meta:
        verbose_name = _("heartbeat")
        verbose_name_plural = _("heartbeats")

    def __str__(self) -> str:
        return self.name


class IdempotencyKey(models.Model):
    """What was answered to the request that named this key: claimed before the work, answered after it."""

    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    key = models.CharField(max_length=255)
    fingerprint = models.CharField(max_length=64)
    claim = models.UUIDField()
    claimed_at = models.DateTimeField(db_default=SyncNow())
    status = models.SmallIntegerField(null=True)
    body = models.TextField(default="")  # JSON, but jsonb would forget the order of its fields

    class Meta:
        verbose_name = _("idempotency key")
        verbose_name_plural = _("idempotency keys")
        constraints = [
            # Closes the race of two requests that both found the key unused.
            models.UniqueConstraint(fields=["owner", "key"], name="one_answer_per_owner_and_key")
        ]
        indexes = [models.Index(fields=["claimed_at"], name="keys_by_age")]

    def __str__(self) -> str:
        return self.key
