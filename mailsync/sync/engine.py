"""Bring the mirror of one mailbox up to date, page by page."""

import time
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace

from gmail.client import GmailClient
from gmail.errors import HistoryExpired, Transient
from mailsync.sync import asks, fetching, labelling, listing, proof, replay, shifting
from mailsync.sync.checkpoint import Position, Stage
from mailsync.sync.plan import fold, is_suddenly_empty, percentage
from mailsync.sync.ports import Batch, Clock, Progress, Stats, Store, SuddenlyEmpty, Surroundings, Wanted

LISTS = (Stage.LARGE, Stage.LISTING, Stage.GLIMPSE)  # how many messages there are is known afterwards
GLIMPSES = (25, 75)  # the first of them is one batch: somebody waits to see his mail
MOST_STARTS = 5  # of one slice: history may be forgotten again while its loss is made up for
MOST_DEBTS = 1_000


class BudgetSpent(Exception):
    """As many messages were fetched as this slice may fetch."""


class Engine:
    """One slice of one mailbox's sync. Errors of Gmail, of the store, of the job pass through: what is committed stays."""

    def __init__(
        self,
        gmail: GmailClient,
        store: Store,
        job: Surroundings,
        stats: Stats,
        plan: asks.Plan,
        *,
        budget: int | None = None,
        despair: bool = False,
        clock: Clock = time.monotonic,
    ) -> None:
        self.gmail, self.store, self.job, self.stats = gmail, store, job, stats
        self.plan, self.budget, self.despair, self.clock = plan, budget, despair, clock
        self.worked = 0
        self.units_before = stats.units
        self.mode: str | None = None
        self.confirmed = False
        self.bar: replay.Bar | None = None  # of a replay that is not part of a longer pass

    def incremental(self) -> None:
        """Replay history from the checkpoint; where there is none, or Gmail forgot it, compare the whole mailbox."""
        checkpoint = self.store.checkpoint()
        if checkpoint.history_id is None or checkpoint.position is not None:
            self.whole()
            return
        self.bar = replay.Bar()
        try:
            self._replay()
        except HistoryExpired:
            self._start_over()
            self.whole()
            return
        self.store.labels(self.gmail.list_labels())
        self._pay_debts()

    def whole(self, *, confirmed: bool = False) -> None:
        """Go on with the pass over the whole mailbox, or begin one; `confirmed` when it may find (almost) everything gone."""
        self.confirmed, self.bar = confirmed, None
        position = self.store.checkpoint().position
        for _ in range(MOST_STARTS):
            try:
                if position is None:
                    position = self._begin()
                else:
                    self._replay()  # what arrived since the last slice does not wait for the pass to end
                self._stages(position)
                return
            except HistoryExpired:
                self._start_over()
                position = None
            except listing.TokensRefused:
                self.store.move(Position(Stage.LARGE), self._progress("listing", 0))  # where the next pass begins
                raise
        raise Transient("Gmail forgets its history faster than it can be read")

    def window(self, after: int) -> None:
        """Fetch what arrived since `after` (unix seconds) and is lacking; moves no checkpoint, marks nothing as gone."""
        position: Position | None = Position(Stage.LISTING)
        while position is not None:
            self.job.checkpoint()
            page, position = listing.page(self.gmail, position, q=f"after:{after}")
            named = {ref.id: ref.thread_id for ref in page.refs}
            lacking = self.store.lacking(list(named))  # also what an unfinished pass wants: that one rests
            self._fetch_named(named, lacking)
            position = position.on_page(page.next_page_token)

    def _stages(self, position: Position | None) -> None:
        steps: dict[Stage, Callable[[Position], Position | None]] = {
            Stage.LARGE: self._list_large,
            Stage.LISTING: self._list,
            Stage.GLIMPSE: self._glimpse,
            Stage.FETCHING: self._fetch,
            Stage.REPLAYING: self._catch_up,
            Stage.LABELS: self._compare_label,
            Stage.CERTIFYING: lambda at: proof.step(self.store, at, self._progress),
        }
        while position is not None:
            self.job.checkpoint()
            if self.job.nudged():
                self._replay()  # new mail does not wait for old: whoever asked looks at it now
            position = steps[position.stage](position)

    def _start_over(self) -> None:
        self.job.log("history_expired")
        self.mode = "reconcile"

    def _begin(self) -> Position:
        """The historyId is taken before the first id is listed, and replayed from: nothing falls between the two."""
        profile = self.gmail.get_profile()
        labels = self.gmail.list_labels()
        position = Position(Stage.LARGE, expected=profile.messages_total)
        self.store.begin(profile.history_id, position, labels, self._progress("listing", 0))
        return position

    def _list_large(self, position: Position) -> Position:
        page, position = listing.page(self.gmail, position, q=listing.LARGE)
        after = position.on_page(page.next_page_token) or position.at(Stage.LISTING)
        self.store.list_page(page.refs, after, self._progress("listing", 0), large=True)
        return after

    def _list(self, position: Position) -> Position:
        first = position.page_token is None
        page, position = listing.page(self.gmail, position)
        if first:
            position = replace(position, since=self._cursor() if page.next_page_token else 0)
        more = position.on_page(page.next_page_token)
        after = more or position.at(Stage.FETCHING)
        if more is not None and first:
            after = replace(more, stage=Stage.GLIMPSE)
        if more is None and not self.confirmed:
            self._insist_on_mail(position, len(page.refs))
        self.store.list_page(page.refs, after, self._counted("listing", position, len(page.refs)))
        return after

    def _insist_on_mail(self, position: Position, last: int) -> None:
        """Before the pass moves on, so that the next one lists from the start again. Raises SuddenlyEmpty."""
        listed, mirrored = self.store.tally().listed + last, self.store.mirrored()
        if is_suddenly_empty(listed, mirrored):
            self.store.move(position.at(Stage.LISTING), self._progress("listing", 0))
            raise SuddenlyEmpty(listed, mirrored)

    def _glimpse(self, position: Position) -> Position:
        for number in GLIMPSES:
            self._fetch_wanted(number, position)
        after = replace(position, stage=Stage.LISTING)
        self.store.move(after, self._counted("listing", position, 0))
        return after

    def _fetch(self, position: Position) -> Position:
        if self._fetch_wanted(asks.MOST_MESSAGES, position):
            return position
        after = position.at(Stage.REPLAYING)
        self.store.move(after, self._counted("replaying", position, 0))
        return after

    def _catch_up(self, position: Position) -> Position:
        self._replay()
        if shifting.deleted_meanwhile(self.gmail, position):
            after = position.at(Stage.LISTING, shifts=position.shifts + 1)
            self.store.move(after, self._progress("listing", 80))
            return after
        self._pay_debts()
        labels = self.gmail.list_labels()
        self.store.labels(labels)
        stage = Stage.CERTIFYING if position.rounds else Stage.LABELS
        names = sorted({label.id for label in labels} | self.store.label_ids()) if stage is Stage.LABELS else []
        after = position.at(stage, labels=tuple(names), since=self._cursor()).found(labels_checked=len(names))
        self.store.move(after, self._progress("labels", 90))
        return after

    def _compare_label(self, position: Position) -> Position:
        """One page of one label's listing: hundreds of times cheaper than asking each message."""
        if position.labels:
            return labelling.step(self.gmail, self.store, position, self._progress)
        self._replay()
        again = shifting.labels_shifted(self.gmail, position)
        stage, shifts = (Stage.LABELS, position.shifts + 1) if again else (Stage.CERTIFYING, position.shifts)
        after = position.at(stage, labels=again, paged=(), since=self._cursor(), shifts=shifts)
        self.store.move(after, self._progress("certifying", 98))
        return after

    def _fetch_wanted(self, limit: int, position: Position) -> bool:
        """Fetch one page of what is wanted, newest first; False when nothing is."""
        most = self._allowed(limit)
        if not (wanted := self.store.wanted(most)):
            return False
        self._spend_budget()
        self._save(self._bring(wanted, most), position)
        return True

    def _bring(self, wanted: Sequence[Wanted], most: int, *, despair: bool = False) -> Batch:
        errands, despair = self.plan(wanted, most=most), despair or self.despair
        return fetching.fetch(self.gmail, errands, beat=self.job.beat, clock=self.clock, despair=despair)

    def _save(self, batch: Batch, position: Position | None) -> None:
        self.stats.bytes += batch.bytes
        self.stats.failed += len(batch.failed)
        self.worked += len(batch.messages)
        if position is None:
            self.stats.done += len(batch.messages)
            progress = self._progress("fetching", self._fetched(self.stats.done))
        else:
            progress = self._counted(
                "fetching", position, -(len(batch.messages) + len(batch.vanished) + len(batch.failed))
            )
        progress.progressed = batch.outage is None
        self.store.save(batch, progress)
        if batch.outage is not None:
            raise batch.outage

    def _replay(self) -> None:
        """Apply history from the checkpoint, one page of records at a time; the cursor moves with what it stands for."""
        more = True
        while more:
            self.job.checkpoint()
            cursor = self._cursor()
            records, more, current = replay.records_after(self.gmail, cursor)
            # With more to come the next page starts after the last record read: tokens are never kept over a transaction.
            after = records[-1].id if more and records else max(current, cursor)
            if self.bar is not None:
                self.bar.page(cursor, after, current, self.stats.done)
            changes = fold(records)
            self._fetch_lacking(changes.alive, again=changes.unclear)
            self.stats.updated += len(changes.relabelled)
            self.stats.deleted += len(changes.deleted)
            self.store.apply(changes, after, self._replay_progress(progressed=bool(records)))

    def _cursor(self) -> int:
        return self.store.checkpoint().history_id or 0

    def _fetch_lacking(self, named: Mapping[str, str], again: Collection[str] = ()) -> None:
        """Fetch those of the ids named, with their threads, that the mirror lacks, or that are to come `again`.

        What a running pass wants is left to it; what is owed, to the paying of debts.
        """
        lacking = self.store.lacking(list(named)) | set(again)
        self._fetch_named(named, lacking - self.store.promised(sorted(lacking)) if lacking else lacking)

    def _fetch_named(self, named: Mapping[str, str], lacking: Collection[str]) -> None:
        """Fetch those of the ids named that are `lacking`, big ones last."""
        large = listing.large(self.gmail, set(lacking)) if self.store.raw_at_once else set()
        left = [Wanted(id_, thread, id_ in large) for id_, thread in named.items() if id_ in lacking]
        left.sort(key=lambda each: each.large)
        # A page that is read again, after a wait or a lost worker, is not counted again.
        self.stats.total = max(self.stats.total, self.stats.done + len(left))
        self._fetch_each(left)

    def _fetch_each(self, left: Sequence[Wanted], *, despair: bool = False) -> None:
        while left:
            self.job.checkpoint()
            self._spend_budget()
            batch = self._bring(left, self._allowed(asks.MOST_MESSAGES), despair=despair)
            self._save(batch, None)
            left = [each for each in left if each.id not in batch.settled]

    def _pay_debts(self) -> None:
        """Try again what failed before, once; a few that keep failing must not look like an outage and stop the mailbox."""
        # How big they are is not known: where every byte is asked for, each comes alone.
        owed = [Wanted(id_, large=self.store.raw_at_once) for id_ in self.store.debts(MOST_DEBTS)]
        with suppress(Transient):
            self._fetch_each(owed, despair=True)

    def _allowed(self, limit: int) -> int:
        return limit if self.budget is None else max(min(limit, self.budget - self.worked), 1)

    def _spend_budget(self) -> None:
        if self.budget is not None and self.worked >= self.budget:
            raise BudgetSpent

    def _replay_progress(self, *, progressed: bool) -> Progress:
        done = self.stats.done if self.bar is None else self.stats.total  # what vanished is settled with its page
        progress = self._progress("replaying", self._fetched(done))
        progress.progressed = progressed  # an empty look at the start of each slice must not hide a crash loop
        return progress

    def _fetched(self, done: int) -> float:
        percent = percentage if self.bar is None else self.bar.percent
        return percent(done, self.stats.total, ceiling=95 if self.bar else 90)

    def _counted(self, phase: str, position: Position, change: int) -> Progress:
        """Progress of a pass; `change` is what this page adds to what is listed, or takes from what is wanted."""
        tally = self.store.tally()
        listed = tally.listed + max(change, 0)
        wanted = max(tally.wanted + change, 0)
        self.stats.total = max(position.expected, listed) if position.stage in LISTS else listed
        self.stats.done = max(listed - wanted, 0)
        remaining = self.stats.total - self.stats.done
        return self._progress(phase, percentage(self.stats.done, self.stats.total, ceiling=90), remaining)

    def _progress(self, phase: str, percent: float, remaining: int | None = None) -> Progress:
        self.stats.units = self.units_before + self.gmail.units
        return Progress(phase, self.stats, percent, remaining, self.worked, self.mode)
