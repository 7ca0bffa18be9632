"""Gather what a mailbox's card shows, in a number of queries that does not grow with the mailboxes."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from django.conf import settings
from django.contrib.auth.models import User
from django.db.models import Count

from mailsync.dashboard.advice import Advice, advice
from mailsync.dashboard.ending import ending, ends_soon
from mailsync.dashboard.sentences import Facts, Sentence, state
from mailsync.models import Account, Body, Failure, LabelCount, Usage
from mailsync.status import newest_jobs
from syncjobs import liveness
from syncjobs.models import SyncJob
from syncjobs.serializers import job_json
from syncjobs.states import Phase, Queue, State
from syncjobs.turn import ahead


@dataclass(frozen=True)
class Card:
    """A mailbox, its newest job (as row, as the contract's JSON), its state in a sentence."""

    account: Account
    facts: Facts
    job: SyncJob | None
    shown: dict[str, Any] | None
    worker_available: bool
    units_today: int
    originals_owed: int
    clock_works: bool = True
    ending: Sentence | None = None

    @property
    def sentence(self) -> Sentence:
        """The state of the mailbox."""
        return state(self.facts)

    @property
    def advice(self) -> Advice | None:
        """What to do about the last sync, if it failed; a dead grant is the sentence's to tell."""
        failed = self.job is not None and self.job.state == State.FAILED and self.facts.connected
        return advice(self.job.error_code, self.account.pk) if failed and self.job else None

    @property
    def units_a_minute(self) -> int:
        """What this mailbox may spend at most; 0: as much as it can."""
        return settings.GMAIL_USER_UNITS_PER_MINUTE

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
    held = LabelCount.objects.whole(found)
    owed = _counts(Failure.objects.filter(account__in=found))
    units, originals = _units_today(found), _counts(Body.objects.owed_by([each for each in found if each.wants_raw]))
    jobs = newest_jobs(found)
    clock = _clock_works() if any(each.next_sync_at and not each.paused_at for each in found) else True
    before, now = ahead(jobs.values()), datetime.now(UTC)
    consumed = liveness.is_consumed(Queue.INTERACTIVE) if any(map(waits, jobs.values())) else True

    def card(account: Account) -> Card:
        pk, job = account.pk, jobs.get(account.resource)
        shown = job_json(job) if job else None
        facts = Facts.of(
            account,
            held=held.get(pk, 0),
            owed=owed.get(pk, 0),
            job=shown,
            ahead=before.get(job.pk, 0) if job else 0,
            ends_soon=ends_soon(account, now),
        )
        spent, due = units.get(pk, 0), originals.get(pk, 0)
        return Card(account, facts, job, shown, consumed, spent, due, clock, ending(account, now))

    return [card(each) for each in found]


def _clock_works() -> bool:
    """Whether what is due begins by itself."""
    return liveness.ticks() and liveness.is_consumed(Queue.SCHEDULED)


def _units_today(accounts: list[Account]) -> dict[int, int]:
    today = Usage.objects.filter(account__in=accounts, day=datetime.now(UTC).date())
    return dict(today.values_list("account", "units"))


def _counts(rows: Any) -> dict[int, int]:
    return dict(rows.values_list("account").annotate(Count("pk")).order_by())
