"""Give an export to a browser while it is made."""

from collections.abc import AsyncIterator, Iterable, Iterator, Sequence

from asgiref.sync import sync_to_async

from mailsync.connections import release
from mailsync.export.archive import archive
from mailsync.export.ledger import recorded
from mailsync.export.marks import names_of
from mailsync.export.mbox import mbox
from mailsync.export.originals import Originals
from mailsync.export.selection import walk
from mailsync.export.tally import Tally
from mailsync.models import Account, Export
from mailsync.search import MailList

AT_LEAST = 1 << 16  # bytes handed on together: each hand-over changes the thread twice


def download(export: Export, mail: MailList, accounts: Sequence[Account]) -> Iterator[bytes]:
    """The file, in pieces of some size."""
    tally = Tally()
    found, names = tally.of(Originals().of(walk(mail))), names_of(accounts)
    if export.form == Export.Form.MBOX:
        pieces = mbox(found, names)
    else:
        pieces = archive(found, names, {account.pk: account.email for account in accounts})
    return recorded(export, tally, gathered(pieces))


async def in_a_thread(pieces: Iterator[bytes]) -> AsyncIterator[bytes]:
    """The pieces, each made when the browser has taken the one before; a browser that leaves ends it."""
    pull = sync_to_async(lambda: _next(pieces))
    try:
        while (piece := await pull()) is not None:
            yield piece
    finally:
        # After the piece that may be in the making: both run in the one thread of this request.
        await sync_to_async(getattr(pieces, "close", lambda: None))()


def _next(pieces: Iterator[bytes]) -> bytes | None:
    """The next piece; a browser that is slow to take it holds no connection to Postgres meanwhile."""
    try:
        return next(pieces, None)
    finally:
        release()


def gathered(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """The same bytes in fewer pieces."""
    waiting: list[bytes] = []
    size = 0
    for piece in pieces:
        waiting.append(piece)
        size += len(piece)
        if size >= AT_LEAST:
            yield b"".join(waiting)
            waiting, size = [], 0
    if waiting:
        yield b"".join(waiting)
