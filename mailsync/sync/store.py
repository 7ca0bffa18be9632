"""Write one page of the mirror in one fenced transaction."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from typing import Any

import orjson
from django.conf import settings
from django.db import connection
from django.db.models import F, Q

from gmail.mime import ParsedMail
from gmail.prices import price_table
from gmail.resources import Label as GmailLabel
from gmail.resources import Message as GmailMessage
from gmail.resources import MessageRef
from mailsync import usage
from mailsync.models import Account, Checkpoint, Failure, Label, Listed, Message
from mailsync.sync import binary, checkpoint, statements
from mailsync.sync.bodies import keep
from mailsync.sync.budget import seconds_left
from mailsync.sync.checkpoint import Position
from mailsync.sync.comparison import Comparison
from mailsync.sync.plan import Changes, Relabel
from mailsync.sync.ports import Batch, Progress, Tally, Wanted
from mailsync.sync.rows import message_row, parsed
from syncjobs.clock import SyncNow
from syncjobs.context import Context, Report

MOST_SIBLINGS = 1_000


class MailboxStore(Comparison):
    """The mirror of one account, written under one job's lease. Writing methods raise LeaseLost."""

    def __init__(self, account: Account, job: Context, meter: usage.Meter) -> None:
        self.account, self.job, self.meter = account, job, meter
        self.raw_at_once = account.policy == Account.Policy.ARCHIVE
        # Counted at each page, a mailbox ten times as big would take a hundred times as long.
        self._tally: Tally | None = None
        self._known: set[str] | None = None  # labels that have a row

    @contextmanager
    def _page(self, progress: Progress, **columns: Any) -> Iterator[None]:
        """Fence, then rows, then checkpoint `columns`, progress and lease: together or not at all.

        What is listed is counted anew after it, unless the caller knows what it has changed.
        """
        self._tally = None
        with self.job.page() as report:
            yield
            if columns:
                self._checkpoints().update(seq=F("seq") + 1, updated_at=SyncNow(), **columns)
            told = self.meter.tell()
            _fill(report, progress)
        self.meter.told = told

    def checkpoint(self) -> checkpoint.Checkpoint:
        """Where the mirror stands."""
        row, _ = Checkpoint.objects.get_or_create(account=self.account)
        return checkpoint.Checkpoint(row.history_id, Position.from_json(row.position))

    def begin(self, history_id: int, position: Position, labels: Sequence[GmailLabel], progress: Progress) -> None:
        """Begin a pass over the whole mailbox: its cursor is pinned before the first id is listed."""
        Checkpoint.objects.get_or_create(account=self.account)
        with self._page(progress, history_id=history_id, position=position.to_json()):
            Listed.objects.filter(account=self.account).delete()
            self._replace_labels(labels)

    def list_page(
        self, refs: Sequence[MessageRef], position: Position, progress: Progress, *, large: bool = False
    ) -> None:
        """Note a page of ids."""
        before = self._tally
        with self._page(progress, position=position.to_json()):
            noted = self._rows(
                statements.LIST_PAGE,
                ids=[ref.id for ref in refs],
                threads=[ref.thread_id for ref in refs],
                large=large,
                raw=self.raw_at_once,
            )
        self._tally = before and before.changed(len(noted), sum(wanted for (wanted,) in noted))

    def wanted(self, limit: int) -> list[Wanted]:
        """The newest ids still to be fetched, big ones last; then the others of their threads, where those may come whole."""
        wanted = self._listed().filter(wanted=True)
        fields = ("gmail_id", "thread_id", "large")
        newest = [Wanted(*row) for row in wanted.order_by("large", "id").values_list(*fields)[:limit]]
        if self.raw_at_once or not newest:
            return newest
        known = [each.id for each in newest]
        threads = {each.thread_id for each in newest if not each.large}
        siblings = wanted.filter(thread_id__in=threads, large=False).exclude(gmail_id__in=known).order_by("id")
        return newest + [Wanted(*row) for row in siblings.values_list(*fields)[:MOST_SIBLINGS]]

    def tally(self) -> Tally:
        """How many ids are listed, how many of them wanted."""
        if self._tally is None:
            self._tally = Tally(self._listed().count(), self._listed().filter(wanted=True).count())
        return self._tally

    def mirrored(self) -> int:
        """Messages held that are not deleted."""
        return Message.objects.filter(account=self.account, deleted_at=None).count()

    def save(self, batch: Batch, progress: Progress) -> None:
        """Keep fetched messages, forget vanished ones, owe failed ones."""
        mails = [(message, parsed(message)) for message in batch.messages]  # before anything is locked
        kept = [message.id for message in batch.messages]
        before = self._tally
        with self._page(progress):
            added = self._save_messages(mails)
            progress.stats.added += added
            vanished = self._listed().filter(gmail_id__in=batch.vanished)
            unwanted = vanished.filter(wanted=True).delete()[0]
            unlisted = unwanted + vanished.delete()[0]
            settled = kept + [id_ for id_, _ in batch.failed]
            unwanted += self._listed().filter(gmail_id__in=settled, wanted=True).update(wanted=False)
            paid = Q(gmail_id__in=kept + batch.vanished)
            Failure.objects.filter(paid, account=self.account).delete()
            self._owe(batch)
        self._tally = before and before.changed(-unlisted, -unwanted)

    def move(self, position: Position | None, progress: Progress) -> None:
        """Take the pass to its next stage; None ends it, with what was listed for it."""
        with self._page(progress, position=position.to_json() if position else {}):
            if position is None:
                self._listed().delete()

    def lacking(self, ids: Sequence[str]) -> set[str]:
        """Those of `ids` that the mirror does not hold."""
        held = Message.objects.filter(account=self.account, deleted_at=None, gmail_id__in=ids)
        whole = held.filter(Q(raw__isnull=False) | Q(body__isnull=False))
        return set(ids) - set(whole.values_list("gmail_id", flat=True))

    def promised(self, ids: Sequence[str]) -> set[str]:
        """Those of `ids` that are fetched anyway: the running pass wants them, or they are owed."""
        wanted = self._listed().filter(wanted=True, gmail_id__in=ids).values_list("gmail_id", flat=True)
        owed = Failure.objects.filter(account=self.account, gmail_id__in=ids).values_list("gmail_id", flat=True)
        return {*wanted, *owed}

    def debts(self, limit: int) -> list[str]:
        """The messages that failed before and may be tried again, those due longest ago first."""
        rows = Failure.objects.filter(account=self.account, next_try_at__lte=SyncNow()).order_by("next_try_at", "pk")
        return list(rows.values_list("gmail_id", flat=True)[:limit])

    def apply(self, changes: Changes, history_id: int, progress: Progress) -> None:
        """Apply folded history, moving the cursor in the same transaction."""
        with self._page(progress, history_id=history_id):
            if changes.deleted:
                self._forget(sorted(changes.deleted), history_id)
            # What was relabelled is there, too, even if no listing showed it: it must not be taken for gone.
            if changes.alive and self._pass_is_running():
                self._execute(
                    statements.LIST_PAGE,
                    ids=list(changes.alive),
                    threads=list(changes.alive.values()),
                    large=False,
                    raw=self.raw_at_once,
                )
                # What could not be fetched just now is owed: a debt is paid alone, however big it is.
                owed = Failure.objects.filter(account=self.account, gmail_id__in=list(changes.alive))
                self._listed().filter(wanted=True, gmail_id__in=owed.values("gmail_id")).update(wanted=False)
            self._relabel(changes.relabelled)

    def labels(self, labels: Sequence[GmailLabel]) -> None:
        """Keep the labels' own names, without a page where nothing changed."""
        known = set(Label.objects.filter(account=self.account).values_list("label_id", "name", "type"))
        if known != {(label.id, label.name, label.type) for label in labels}:
            for gone in sorted({id_ for id_, _, _ in known} - {label.id for label in labels}):
                self.forget_label(gone)
            with self.job.page():
                self._replace_labels(labels)

    def label_ids(self) -> set[str]:
        """The labels that any mail in the mirror has."""
        return {row[0] for row in self._rows(statements.LABEL_IDS)}

    def _save_messages(self, mails: Sequence[tuple[GmailMessage, ParsedMail]]) -> int:
        if not mails:
            return 0
        rows = orjson.dumps([message_row(*each) for each in mails]).decode()
        saved = self._rows(statements.SAVE_MESSAGES, cursor=binary.cursor, rows=rows)
        ids = {gmail_id: pk for pk, gmail_id, _ in saved}
        keep(self.account, [(ids[message.id], message, mail) for message, mail in mails])
        self._know({label for message, _ in mails for label in message.label_ids})
        return sum(inserted for _, _, inserted in saved)

    def _owe(self, batch: Batch) -> None:
        if batch.failed:
            self._execute(
                statements.OWE,
                ids=[id_ for id_, _ in batch.failed],
                codes=[error.code for _, error in batch.failed],
                reasons=[str(error)[:500] for _, error in batch.failed],
            )

    def _forget(self, ids: list[str], as_of: int) -> None:
        self._mark_gone(ids, as_of)
        self._listed().filter(gmail_id__in=ids).delete()
        Failure.objects.filter(account=self.account, gmail_id__in=ids).delete()

    def _mark_gone(self, ids: list[str], as_of: int) -> None:
        self._execute(statements.MARK_GONE, ids=ids, as_of=as_of)
        # Asked now: whoever chose to keep deleted mail since this slice began must not lose it.
        if Account.objects.filter(pk=self.account.pk, deleted_policy=Account.DeletedPolicy.REMOVE).exists():
            doomed = Message.objects.filter(account=self.account, gmail_id__in=ids)
            # Before what belongs to them: whoever brings raw bytes at this moment is waited for, or passes them over.
            list(doomed.order_by("pk").select_for_update().values_list("pk"))
            doomed.delete()

    def _relabel(self, relabelled: dict[str, Relabel]) -> None:
        held = Message.objects.filter(account=self.account, gmail_id__in=list(relabelled)).order_by("gmail_id")
        rows: list[dict[str, Any]] = []
        for pk, gmail_id, labels, as_of in held.values_list("pk", "gmail_id", "labels", "labels_as_of"):
            change = relabelled[gmail_id]
            if change.newest > as_of:
                after = sorted(change.applied_to(labels, as_of))
                rows.append({"id": pk, "labels": after, "as_of": change.newest})
        if rows:
            self._execute(statements.APPLY_LABELS, rows=orjson.dumps(rows).decode())
            self._know({label for row in rows for label in row["labels"]})

    def _know(self, labels: set[str]) -> None:
        """A row for each label that any mail has: one that Gmail deletes without a word is missed then, and taken off."""
        if self._known is None:
            self._known = set(Label.objects.filter(account=self.account).values_list("label_id", flat=True))
        new = [Label(account=self.account, label_id=id_, name=id_, type="user") for id_ in sorted(labels - self._known)]
        if new:
            Label.objects.bulk_create(new, ignore_conflicts=True)
            self._known |= labels

    def _replace_labels(self, labels: Sequence[GmailLabel]) -> None:
        self._known = {label.id for label in labels}
        mine = Label.objects.filter(account=self.account)
        mine.exclude(label_id__in=[label.id for label in labels]).delete()
        Label.objects.bulk_create(
            [
                Label(account=self.account, label_id=label.id, name=label.name[:1024], type=label.type)
                for label in labels
            ],
            update_conflicts=True,
            unique_fields=["account", "label_id"],
            update_fields=["name", "type"],
        )

    def _pass_is_running(self) -> bool:
        return self._checkpoints().exclude(position={}).exists()

    def _checkpoints(self) -> Any:
        return Checkpoint.objects.filter(account=self.account)

    def _listed(self) -> Any:
        return Listed.objects.filter(account=self.account)

    def _execute(self, statement: str, **values: Any) -> int:
        with connection.cursor() as cursor:
            cursor.execute(statement, {"account": self.account.pk, "job": self.job.job.task_id, **values})
            return cursor.rowcount

    def _rows(self, statement: str, cursor: Any = None, **values: Any) -> list[tuple]:
        with (cursor or connection.cursor)() as opened:  # found at each call: every thread has a connection of its own
            opened.execute(statement, {"account": self.account.pk, "job": self.job.job.task_id, **values})
            return opened.fetchall()


def _fill(report: Report, progress: Progress) -> None:
    report.phase, report.mode = progress.phase, progress.mode
    report.message = (progress.phase, {})
    report.stats, report.percentage = asdict(progress.stats), progress.percentage
    report.remaining, report.worked = progress.remaining, progress.worked
    report.progressed = progress.progressed
    report.at_least = seconds_left(
        progress.remaining or 0,
        added=progress.stats.added,
        units=progress.stats.units,
        price=price_table(settings.GMAIL_UNIT_COSTS)["messages.get"],
        limit=settings.GMAIL_USER_UNITS_PER_MINUTE,
    )
