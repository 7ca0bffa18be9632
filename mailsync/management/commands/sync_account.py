"""Sync one mailbox in the foreground."""

import os
import socket
import sys
import time
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeRemainingColumn

from mailsync import schedule
from mailsync.management.accounts import account_called
from syncjobs import runner
from syncjobs.models import SyncJob
from syncjobs.serializers import job_json
from syncjobs.states import State, Trigger

GLANCE_SECONDS = 0.5
SLICE_SECONDS = 5.0  # short: the bar moves between two slices


class Command(BaseCommand):
    """`sync_account ADDRESS [--full]`."""

    help = "Sync one mailbox with a progress bar, under the same lease as the workers; attaches to an active job."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Which, how much."""
        parser.add_argument("address", help="address (or id) of the mailbox")
        parser.add_argument("--full", action="store_true", help="compare the whole mailbox")

    def handle(self, *args: Any, **options: Any) -> None:
        """Exit 0 only if it succeeded."""
        account = account_called(options["address"])
        try:
            job = schedule.request_sync(account, trigger=Trigger.API, full=options["full"]).job
        except schedule.Paused:
            raise CommandError(f"{account.email} is paused.") from None
        except schedule.ReconnectNeeded:
            raise CommandError(f"{account.email} needs to be reconnected.") from None
        final = _watch(job)
        if final.state != State.SUCCEEDED:
            raise CommandError(job_json(final)["message"])
        stats = job_json(final)["stats"]
        self.stdout.write(
            f"{account.email}: {stats['added']} added, {stats['updated']} updated, {stats['deleted']} deleted, "
            f"{stats['failed']} failed; {stats['units']} units."
        )


def _watch(job: SyncJob) -> SyncJob:
    """Work on the job wherever nobody else does, and show it until it is final."""
    worker = f"foreground@{socket.gethostname()}:{os.getpid()}"
    columns = (
        TextColumn("{task.fields[phase]:<24}"),
        BarColumn(),
        TextColumn("{task.percentage:>5.1f} %"),
        TextColumn("{task.fields[counts]}"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=Console(file=sys.stderr)) as bar:
        line = bar.add_task("", total=100, phase="", counts="")
        while job.is_active:
            _show(bar, line, job)
            job = runner.run(job.pk, worker, slice_seconds=SLICE_SECONDS) or _later(job)
        _show(bar, line, job)
    return job


def _later(job: SyncJob) -> SyncJob:
    time.sleep(GLANCE_SECONDS)
    return SyncJob.objects.get(pk=job.pk)


def _show(bar: Progress, line: TaskID, job: SyncJob) -> None:
    data = job_json(job)
    stats = data["stats"]
    counts = f"{stats['done']:,} of {stats['total']:,}" if stats["total"] else ""
    bar.update(line, completed=data["progress_percentage"], phase=data["message"][:60], counts=counts)
