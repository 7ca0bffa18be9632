"""Write mail as a zip of .eml files that begins to flow at once, however long it grows."""

import pickle
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC
from typing import Any
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from mailsync.export.marks import Names, label_line
from mailsync.export.names import eml_name, plain
from mailsync.export.originals import Found, Missing
from mailsync.export.place import LABELS
from mailsync.models import Message

MISSING = "not-exported.txt"
IN_MEMORY = 1 << 20  # bytes of labels; more of them wait in a file
PIECE = 1 << 18
QUICK = 3  # of zlib's nine levels: a person waits
EARLIEST = 1980  # of the moments that a zip can hold


def archive(found: Iterable[Found], names: Names, addresses: Mapping[int, str]) -> Iterator[bytes]:
    """The zip piece by piece: a folder a mailbox, the files' labels, what is missing by id. `addresses` by account."""
    sink = _Sink()
    with (
        tempfile.SpooledTemporaryFile(IN_MEMORY) as labels,
        tempfile.SpooledTemporaryFile(IN_MEMORY) as missing,
        tempfile.SpooledTemporaryFile(IN_MEMORY) as entries,
        ZipFile(sink, "w", ZIP_DEFLATED, compresslevel=QUICK) as zip_file,  # type: ignore[call-overload] # it needs no more
    ):
        zip_file.filelist = _OnDisk(entries)  # type: ignore[assignment] # at 400 bytes an entry a big mailbox would fill memory
        for each in found:
            if isinstance(each, Missing):
                missing.write(f"{each.message.gmail_id} {each.code}\n".encode())
                continue
            info = _info(each.message, plain(addresses.get(each.message.account_id, "")))
            labels.write(label_line(each.message, info.filename, names).encode())
            zip_file.writestr(info, each.raw)
            zip_file.NameToInfo.clear()
            yield from sink.taken()
        yield from _added(zip_file, sink, LABELS, labels)
        yield from _added(zip_file, sink, MISSING, missing)
    yield from sink.taken()


def _info(message: Message, folder: str) -> ZipInfo:
    moment = message.internal_date.astimezone(UTC)
    if moment.year < EARLIEST:
        moment = moment.replace(year=EARLIEST, month=1, day=1)
    info = ZipInfo(f"{folder}/{eml_name(message)}", moment.timetuple()[:6])
    info.compress_type, info.external_attr = ZIP_DEFLATED, 0o644 << 16
    return info


def _added(zip_file: ZipFile, sink: "_Sink", name: str, file: Any) -> Iterator[bytes]:
    """A last file, unless it would be empty."""
    if not file.tell():
        return
    file.seek(0)
    with zip_file.open(name, "w", force_zip64=True) as entry:
        while piece := file.read(PIECE):
            entry.write(piece)
            yield from sink.taken()


class _Sink:
    """A file that cannot be wound back: what is written to it is handed on."""

    def __init__(self) -> None:
        self._pieces: list[bytes] = []

    def write(self, data: bytes) -> int:
        self._pieces.append(bytes(data))
        return len(data)

    def flush(self) -> None:
        """Nothing is kept back."""

    def taken(self) -> Iterator[bytes]:
        """What was written since."""
        pieces, self._pieces = self._pieces, []
        yield from pieces


class _OnDisk:
    """The entries of a zip, which its end repeats, in a file of their own."""

    def __init__(self, file: Any) -> None:
        self._file = file
        self._count = 0

    def append(self, info: ZipInfo) -> None:
        pickle.dump(info, self._file)
        self._count += 1

    def __len__(self) -> int:
        return self._count

    def __iter__(self) -> Iterator[ZipInfo]:
        self._file.seek(0)
        for _ in range(self._count):
            yield pickle.load(self._file)  # noqa: S301 # written above, by nobody else
