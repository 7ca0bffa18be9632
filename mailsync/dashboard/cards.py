"""Gather what a mailbox's card shows, in a number of queries that does not grow with the mailboxes."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.contrib.auth.models import User
from django.db.models import Count

from mailsync.dashboard.sentences import Facts, Sentence, state
from mailsync.models import Account, Failure, Message
from mailsync.status import newest_jobs
from syncjobs import liveness
from syncjobs.models import SyncJob
from syncjobs.serializers import job_json
from syncjobs.states import Phase, Queue, State


@dataclass(frozen=True)
class Card:
    """A mailbox, its newest job (as row, as the contract's JSON), its state in a sentence."""

    account: Account
    facts: Facts
    job: SyncJob | None
    shown: dict[str, Any] | None
    worker_available: bool

    @property
    def sentence(self) -> Sentence:
        """The state of the mailbox."""
        return state(self.facts)

    @property
    def stranded(self) -> bool:
        """A job waits, but nobody takes jobs."""
        return waits(self.job) and not self.worker_available


def waits(job: SyncJob | None) -> bool:
    """Whether nobody holds it: not begun, or between two slices (a request may have done one of them)."""
    return job is not None and (
        job.state == State.CREATED or (job.state == State.RUNNING and job.phase == Phase.NEXT_SLICE)
    )


def cards_of(user: User) -> list[Card]:
    """A card for each mailbox of the user, by address."""
    return cards(Account.objects.filter(owner=user).order_by("email"))


def cards(accounts: Iterable[Account]) -> list[Card]:
    """A card for each of these mailboxes."""
    found = list(accounts)
    held = _counts(Message.objects.present().filter(account__in=found))
    owed = _counts(Failure.objects.filter(account__in=found))
    jobs = newest_jobs(found)
    consumed = liveness.is_consumed(Queue.INTERACTIVE) if any(map(waits, jobs.values())) else True
    return [
        _card(each, held.get(each.pk, 0), owed.get(each.pk, 0), jobs.get(each.resource), consumed) for each in found
    ]


def _card(account: Account, held: int, owed: int, job: SyncJob | None, consumed: bool) -> Card:
    shown = job_json(job) if job else None
    return Card(account, Facts.of(account, held=held, owed=owed, job=shown), job, shown, consumed)


def _counts(rows: Any) -> dict[int, int]:
    return dict(rows.values_list("account").annotate(Count("pk")).order_by())
