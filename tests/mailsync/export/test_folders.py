"""Maildir and folders of .eml: exact, whole, gone on with."""

import json
import mailbox
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import pytest

from mailsync.export.folders import eml, maildir
from mailsync.export.originals import Found, Original
from mailsync.export.place import LABELS, MARKER, Occupied, new_file
from mailsync.models import Message
from tests.mailsync.export.mail import message

ABOUT = {"account": "ada@example.com"}
MAILS = [message("1", labels=["UNREAD"]), message("2", labels=["STARRED"]), message("3", labels=["UNREAD", "TRASH"])]


class Source:
    """Where the bytes come from; `asked` are the ids that were brought."""

    def __init__(self, broken_after: int = 99) -> None:
        self.asked: list[str] = []
        self.broken_after = broken_after

    def __call__(self, pages: Iterable[list[Message]]) -> Iterator[Found]:
        for page in pages:
            for each in page:
                if len(self.asked) == self.broken_after:
                    raise OSError("the disk is full")
                self.asked.append(each.gmail_id)
                yield Original(each, raw(each))


def raw(mail: Message) -> bytes:
    return f"Subject: {mail.gmail_id}\r\n\r\nFrom here\r\nno end of line".encode()


def files(path: Path) -> list[str]:
    return sorted(str(each.relative_to(path)) for each in path.rglob("*") if each.is_file())


def test_a_maildir_has_flags_by_labels_and_the_exact_bytes(tmp_path: Path) -> None:
    maildir(tmp_path / "box", [MAILS], Source(), {}, ABOUT)
    box = mailbox.Maildir(tmp_path / "box", create=False)
    read = {box.get_bytes(key): (box[key].get_subdir(), box[key].get_flags()) for key in box.iterkeys()}
    assert read == {raw(MAILS[0]): ("new", ""), raw(MAILS[1]): ("cur", "FS"), raw(MAILS[2]): ("cur", "T")}
    assert not list((tmp_path / "box" / "tmp").iterdir())


@pytest.mark.parametrize("write", [maildir, eml])
def test_what_was_broken_off_is_gone_on_with(tmp_path: Path, write: Callable[..., None]) -> None:
    with pytest.raises(OSError, match="full"):
        write(tmp_path, [MAILS], Source(broken_after=2), {}, ABOUT)
    (tmp_path / "tmp").mkdir(exist_ok=True)
    (tmp_path / "tmp" / "9.half.mailsync").write_bytes(b"half")
    again = Source()
    write(tmp_path, [MAILS], again, {}, ABOUT)
    assert again.asked == ["3"]
    lines = [json.loads(line) for line in (tmp_path / LABELS).read_text(encoding="utf-8").splitlines()]
    assert {each["gmail_id"] for each in lines} == {"1", "2", "3"}
    assert all((tmp_path / each["file"]).read_bytes() == raw(message(each["gmail_id"])) for each in lines)


def test_the_folder_of_something_else_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "letter.txt").write_text("mine")
    with pytest.raises(Occupied, match="not empty"):
        eml(tmp_path, [MAILS], Source(), {}, ABOUT)
    assert files(tmp_path) == ["letter.txt"]


def test_an_export_of_another_mailbox_is_left_alone(tmp_path: Path) -> None:
    eml(tmp_path, [MAILS[:1]], Source(), {}, ABOUT)
    with pytest.raises(Occupied, match="holds another export"):
        eml(tmp_path, [MAILS], Source(), {}, {"account": "bob@example.com"})
    assert files(tmp_path) == [
        "2026/03/2026-03-07_040506_Hello_1.eml",
        LABELS,
        MARKER,
    ]


def test_two_at_once_do_not_write_to_one_folder(tmp_path: Path) -> None:
    def bring(pages: Iterable[list[Message]]) -> Iterator[Found]:
        with pytest.raises(Occupied, match="another export is being written"):
            eml(tmp_path, [MAILS], Source(), {}, ABOUT)
        yield from Source()(pages)

    eml(tmp_path, [MAILS], bring, {}, ABOUT)
    assert len(files(tmp_path)) == 3 + 2


def test_a_file_bears_its_name_only_once_it_is_whole(tmp_path: Path) -> None:
    path = tmp_path / "all.mbox"
    with pytest.raises(RuntimeError), new_file(path) as file:
        file.write(b"half")
        assert not path.exists()
        raise RuntimeError
    assert files(tmp_path) == []
    with new_file(path) as file:
        file.write(b"whole")
    with pytest.raises(Occupied, match="exists already"), new_file(path):
        pass
    assert path.read_bytes() == b"whole" and files(tmp_path) == ["all.mbox"]
