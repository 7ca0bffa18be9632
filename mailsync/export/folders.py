"""Write mail as a Maildir or as .eml files: the exact bytes, each file there as a whole or not at all."""

import hashlib
import os
from array import array
from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from mailsync.export.marks import Names, flags, label_line
from mailsync.export.names import eml_name, maildir_name
from mailsync.export.originals import Found, Missing
from mailsync.export.place import directory, replace
from mailsync.models import Message

Pages = Iterable[list[Message]]
Bring = Callable[[Pages], Iterable[Found]]


def maildir(path: Path, pages: Pages, bring: Bring, names: Names, about: dict[str, str]) -> None:
    """Into new/ what nobody has seen, into cur/ the rest with its flags. What an earlier run wrote is not fetched again."""
    with directory(path, about) as labels:
        for name in ("tmp", "new", "cur"):
            (path / name).mkdir(exist_ok=True)
        for left in (path / "tmp").glob("*.mailsync"):
            left.unlink()
        held = _Names(each.split(":")[0] for part in ("new", "cur") for each in _listed(path / part))
        for each in bring(_lacking(pages, lambda message: maildir_name(message) in held)):
            if isinstance(each, Missing):
                continue
            name, marks = maildir_name(each.message), flags(each.message)
            file = f"cur/{name}:2,{marks}" if marks else f"new/{name}"
            # The line comes first: broken off between the two, the next run writes both again.
            labels.write(label_line(each.message, file, names))
            replace(path / file, path / "tmp" / name, each.raw)


def eml(path: Path, pages: Pages, bring: Bring, names: Names, about: dict[str, str]) -> None:
    """A file a message, in a folder a month. What an earlier run wrote is not fetched again."""
    with directory(path, about) as labels:
        for each in bring(_lacking(pages, lambda message: (path / eml_name(message)).exists())):
            if isinstance(each, Missing):
                continue
            name = eml_name(each.message)
            file = path / name
            file.parent.mkdir(parents=True, exist_ok=True)
            labels.write(label_line(each.message, name, names))
            replace(file, file.with_suffix(".part"), each.raw)


def _lacking(pages: Pages, is_there: Callable[[Message], bool]) -> Iterator[list[Message]]:
    for page in pages:
        yield [message for message in page if not is_there(message)]


def _listed(path: Path) -> Iterator[str]:
    with os.scandir(path) as entries:
        yield from (entry.name for entry in entries)


class _Names:
    """Which names are there, at eight bytes for each: a Maildir may have millions."""

    def __init__(self, names: Iterable[str]) -> None:
        self._digests = array("Q", sorted(array("Q", map(self._digest, names))))

    def __contains__(self, name: str) -> bool:
        digest = self._digest(name)
        at = bisect_left(self._digests, digest)
        return at < len(self._digests) and self._digests[at] == digest

    @staticmethod
    def _digest(name: str) -> int:
        return int.from_bytes(hashlib.blake2b(name.encode(), digest_size=8).digest())
