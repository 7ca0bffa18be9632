"""The states of a job."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class State(models.TextChoices):
    """A job's life; waiting is a phase of RUNNING, never a state."""

    CREATED = "CREATED", _("Waiting to start")
    RUNNING = "RUNNING", _("Running")
    SUCCEEDED = "SUCCEEDED", _("Succeeded")
    FAILED = "FAILED", _("Failed")
    CANCELLED = "CANCELLED", _("Cancelled")


ACTIVE = (State.CREATED, State.RUNNING)
FINAL = (State.SUCCEEDED, State.FAILED, State.CANCELLED)


class Trigger(models.TextChoices):
    """Who asked for the job."""

    BUTTON = "button", _("Button")
    CLOCK = "clock", _("Clock")
    PUSH = "push", _("Push")
    ADMIN = "admin", _("Admin")
    API = "api", _("API")


class Queue(models.TextChoices):
    """Where a job waits for a worker: a person watches the first, nobody the second."""

    INTERACTIVE = "interactive", _("Interactive")
    SCHEDULED = "scheduled", _("Scheduled")


QUEUES = (Queue.INTERACTIVE.value, Queue.SCHEDULED.value, "control")


class Phase(models.TextChoices):
    """Phases that every kind of job shares; a kind adds its own."""

    QUEUED = "queued", _("queued")
    STARTING = "starting", _("starting")
    NEXT_SLICE = "next_slice", _("between two slices")
    WAITING_FOR_QUOTA = "waiting_for_quota", _("waiting for quota")
    BACKING_OFF = "backing_off", _("waiting to try again")
    DONE = "done", _("done")
