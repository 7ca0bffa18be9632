"""Write what comparing the mirror with Gmail's listings found."""

import hashlib
from collections.abc import Sequence
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any

import zstandard
from django.db.models import F

from mailsync.models import Account, Body, Certificate, RawMessage
from mailsync.sync import checkpoint, comparing
from mailsync.sync.checkpoint import Position
from mailsync.sync.ports import Progress, Sample, Verdict
from mailsync.sync.rows import unpacked, unpacked_body
from syncjobs.clock import SyncNow
from syncjobs.context import Context

MOST_NAMED = 100  # ids that a certificate spells out
MOST_WANTED_AGAIN = 10_000
MOST_CHANGED = 5_000  # messages in one transaction
MOST_SAMPLED = 64_000_000  # bytes of a sample: one big mail more than that, at most


class Comparison:
    """The part of a mailbox's store that a pass over the whole mailbox needs at its end. Writing methods raise LeaseLost."""

    account: Account
    job: Context

    if TYPE_CHECKING:

        def _page(self, progress: Progress, **columns: Any) -> AbstractContextManager[None]: ...
        def _execute(self, statement: str, **values: Any) -> int: ...
        def _rows(self, statement: str, **values: Any) -> list[tuple]: ...
        def _mark_gone(self, ids: list[str], as_of: int) -> None: ...
        def _checkpoints(self) -> Any: ...
        def _listed(self) -> Any: ...
        def checkpoint(self) -> checkpoint.Checkpoint: ...
        def mirrored(self) -> int: ...

    def label_page(self, label_id: str, ids: Sequence[str], position: Position, progress: Progress) -> Position:
        """Put the label on what its listing names; the position, with what that corrected."""
        with self._page(progress):
            values = {"label": label_id, "ids": list(ids), "as_of": position.as_of}
            added = self._execute(comparing.LABEL_ADDED, **values)
            self._execute(comparing.LABEL_SEEN, **values)
            return self._corrected(added, position, progress)

    def take_off(self, label_id: str, limit: int, here: Position, after: Position, progress: Progress) -> Position:
        """Take the label off at most `limit` messages that its listing did not name; `here` again where more may be left."""
        with self._page(progress):
            removed = self._execute(comparing.LABEL_REMOVED, label=label_id, as_of=here.as_of, limit=limit)
            return self._corrected(removed, here if removed == limit else after, progress)

    def forget_label(self, label_id: str) -> None:
        """Take a label that Gmail no longer has off all mail, some thousands at a time."""
        changed = MOST_CHANGED
        while changed == MOST_CHANGED:
            with self.job.page():
                as_of = self.checkpoint().history_id or 0
                changed = self._execute(comparing.LABEL_FORGOTTEN, label=label_id, as_of=as_of, limit=MOST_CHANGED)

    def forget_unlisted(self, limit: int, progress: Progress) -> int:
        """Mark as gone at most `limit` messages that Gmail did not list. Returns how many."""
        with self._page(progress):
            gone = [row[0] for row in self._rows(comparing.UNLISTED, limit=limit)]
            self._mark_gone(gone, self.checkpoint().history_id or 0)
            progress.stats.deleted += len(gone)
        return len(gone)

    def sample(self, number: int) -> Sample:
        """Unpack the raw bytes of that many messages at random, hold them against their hashes; texts where those are owed."""
        held = RawMessage.objects.filter(message__account=self.account, message__deleted_at=None).order_by("?")
        checked, left, damaged = 0, MOST_SAMPLED, []
        for pk, gmail_id, size in held.values_list("pk", "message__gmail_id", "size")[:number]:
            checked, left = checked + 1, left - size
            if not _is_whole(pk):
                damaged.append(gmail_id)
            if left < 0:
                break
        bodies = Body.objects.filter(account=self.account, message__deleted_at=None).order_by("?")
        texts = bodies.values_list("message__gmail_id", "data", "sha256")[: max(number - checked, 0)]
        damaged += [gmail_id for gmail_id, data, digest in texts if not _is_readable(data, digest)]
        return Sample(checked + len(texts), tuple(damaged))

    def compare(self, damaged: Sequence[str], progress: Progress) -> Verdict:
        """Want again what is missing; drop damaged bytes and want those again, too."""
        with self._page(progress):
            for kept in (RawMessage, Body):
                kept.objects.filter(message__account=self.account, message__gmail_id__in=damaged).delete()
            self._listed().filter(gmail_id__in=damaged).update(wanted=True)
            self._execute(comparing.WANT_MISSING, limit=MOST_WANTED_AGAIN)
            [(missing, owed)] = self._rows(comparing.MISSING)
        return Verdict(missing, owed)

    def prove(self, verdict: Verdict, position: Position, progress: Progress) -> None:
        """Keep the certificate; the pass ends with it, and what was listed for it goes."""
        with self._page(progress, position={}):
            named = self._rows(comparing.MISSING_NAMED, limit=MOST_NAMED) if verdict.missing else []
            Certificate.objects.create(
                account=self.account,
                job=self.job.job.task_id,
                history_id=self.checkpoint().history_id or 0,
                listed=self._listed().count(),
                mirrored=self.mirrored(),
                missing=[id_ for (id_,) in named],
                missing_count=verdict.missing,
                owed_count=verdict.owed,
                labels_checked=position.findings.labels_checked,
                labels_corrected=position.findings.labels_corrected,
                bytes_checked=position.findings.bytes_checked,
                bytes_damaged=position.findings.bytes_damaged,
            )
            self._listed().delete()

    def _corrected(self, count: int, position: Position, progress: Progress) -> Position:
        progress.stats.updated += count
        after = position.found(labels_corrected=count)
        self._checkpoints().update(position=after.to_json(), seq=F("seq") + 1, updated_at=SyncNow())
        return after


def _is_readable(data: bytes | memoryview, digest: bytes | memoryview | None) -> bool:
    """Whether it is the text that was kept; of older ones no hash was noted, so those are only unpacked."""
    try:
        return bool(unpacked_body(data)) and (digest is None or hashlib.sha256(data).digest() == bytes(digest))
    except (zstandard.ZstdError, ValueError):
        return False


def _is_whole(pk: int) -> bool:
    """Whether the bytes are those of which the hash was noted; damaged beyond unpacking they are not."""
    row = RawMessage.objects.filter(pk=pk).first()
    if row is None:  # erased since
        return True
    try:
        return hashlib.sha256(unpacked(row.data, row.size)).digest() == bytes(row.sha256)
    except zstandard.ZstdError:
        return False
