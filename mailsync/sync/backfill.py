"""Bring the raw bytes that are owed, when nobody waits for Gmail's quota."""

import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from itertools import takewhile

from django.db.models import F, Q

from gmail.client import GmailClient
from gmail.errors import RateLimited
from gmail.quota import Priority
from gmail.resources import Ask
from mailsync import outcome, usage
from mailsync.models import Account, Body
from mailsync.models.mail import MOST_REFUSALS, BodyQuerySet
from mailsync.schedule import restart_backfill
from mailsync.sync import fetching
from mailsync.sync.asks import Errand
from mailsync.sync.bodies import keep_raw
from mailsync.sync.plan import percentage
from mailsync.sync.ports import Batch, Stats
from mailsync.sync.session import pause, session, stats
from mailsync.texts import MODES, TEXTS
from syncjobs.clock import SyncNow
from syncjobs.context import Context
from syncjobs.registry import Kind
from syncjobs.states import Phase

LARGE = 1_000_000  # bytes; above this a message is fetched alone, so that a batch stays within a few MB
MOST_AT_ONCE = 100
COUNTED_EVERY = 20  # pages
MOST_SECONDS = 120.0  # of a slice: whoever else waits in the queue comes soon
BRIEF = 2.0  # seconds of waiting for quota; what is further ahead belongs to those who may book it


@dataclass(frozen=True, slots=True)
class Owed:
    """A message that lacks its raw bytes; `size` as Gmail estimates it."""

    pk: int
    gmail_id: str
    size: int

    @property
    def large(self) -> bool:
        """Too big for a batch."""
        return self.size >= LARGE


def run(context: Context) -> None:
    """Everything that is owed, once; what Gmail would not give is tried again by the next job."""
    context.deadline = min(context.deadline, context.clock() + MOST_SECONDS)
    with session(context, Priority.BACKFILL, max_wait=BRIEF) as (account, gmail, meter):
        Backfill(context, account, gmail, meter, stats(context)).run()


@dataclass
class Backfill:
    """One slice of it. Nothing but raw bytes is written, so no other job of the mailbox is met."""

    context: Context
    account: Account
    gmail: GmailClient
    meter: usage.Meter
    stats: Stats
    units_before: int = field(init=False)

    def __post_init__(self) -> None:
        self.units_before = self.stats.units

    def run(self) -> None:
        """Page by page, each message once."""
        after, pages = 0, 0
        while page := self._page(after):
            if pages % COUNTED_EVERY == 0:  # a pass that runs meanwhile adds to what is owed
                self.stats.total = self.stats.done + self._owed().filter(pk__gt=after).count()
            self._bring(page)
            after, pages = page[-1].pk, pages + 1

    def _owed(self) -> BodyQuerySet:
        """What no slice of this job has asked for in vain."""
        asked = Q(refused_at__gte=self.context.job.created_at)
        return Body.objects.owed(self.account).exclude(asked)

    def _page(self, after: int) -> list[Owed]:
        rows = self._owed().filter(message_id__gt=after)
        return [Owed(*row) for row in rows.values_list("pk", "message__gmail_id", "message__size")[:MOST_AT_ONCE]]

    def _bring(self, page: Sequence[Owed]) -> None:
        left = list(page)
        while left:
            self.context.checkpoint()
            small = takewhile(lambda each: not each.large, left)
            batch = self._fetch([_errand(each) for each in small] or [_errand(left[0])])
            self._keep(batch, {each.gmail_id: each.pk for each in page})
            left = [each for each in left if each.gmail_id not in batch.settled]

    def _fetch(self, errands: Sequence[Errand]) -> Batch:
        """Wait visibly while others spend the quota."""
        while True:
            try:
                return fetching.fetch(self.gmail, errands, beat=self.context.beat)
            except RateLimited as limit:
                if limit.scope != "own":
                    raise
                seconds = pause(limit.retry_at, time.time())
                self.context.wait(seconds, Phase.WAITING_FOR_QUOTA, "waiting_for_gmail_quota")

    def _keep(self, batch: Batch, keys: dict[str, int]) -> None:
        self.stats.done += len(batch.settled)
        self.stats.failed += len(batch.failed)
        gone = [keys[id_] for id_ in batch.vanished]
        self.stats.bytes += batch.bytes
        self.stats.units = self.units_before + self.gmail.units
        with self.context.page() as report:
            raws = [(keys[each.id], each.raw or b"") for each in batch.messages]
            self.stats.added += keep_raw(raws)
            refused = [keys[id_] for id_, _ in batch.failed]
            Body.objects.filter(pk__in=refused).update(refusals=F("refusals") + 1, refused_at=SyncNow())
            Body.objects.filter(pk__in=gone).update(
                refusals=MOST_REFUSALS
            )  # Gmail has them no more: no later slice asks
            told = self.meter.tell()
            report.phase, report.message = "fetching_raw", ("fetching_raw", {})
            report.stats, report.worked = asdict(self.stats), self.stats.done
            report.remaining = self.stats.total - self.stats.done
            report.percentage = percentage(self.stats.done, self.stats.total, ceiling=99)
        self.meter.told = told
        for id_, error in batch.failed:
            self.context.log("raw_refused", gmail_id=id_, reason=error.code)


def _errand(owed: Owed) -> Errand:
    return Errand(Ask("message", owed.gmail_id, "raw"), (owed.gmail_id,), owed.large)


BACKFILL = Kind(
    run=run,
    wider=lambda active, asked: active,
    finished=outcome.record_backfill,
    restart=restart_backfill,
    texts=TEXTS,
    modes=MODES,
)
