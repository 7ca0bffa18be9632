"""The command, read again by other programs."""

import hashlib
import json
import mailbox
import re
import subprocess
from contextlib import closing
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from mailsync.export import selection
from mailsync.export.place import LABELS
from mailsync.models import Account, RawMessage
from tests.mailsync.export.test_mbox import read
from tests.mailsync.mirror import sync, truth
from tests.mailsync.simulated import Gmail


@pytest.fixture
def synced(account: Account) -> Account:
    sync(account)
    return account


def hashes(gmail: Gmail) -> list[str]:
    return sorted(each[3] for each in truth(gmail).values())


def digests(contents: list[bytes]) -> list[str]:
    return sorted(hashlib.sha256(content).hexdigest() for content in contents)


def export(account: Account, form: str, path: Path, *more: str) -> None:
    call_command("export_mailbox", account.email, "--format", form, "--output", str(path), *more)


def test_python_reads_every_byte_of_an_mbox(
    synced: Account, gmail: Gmail, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(selection, "PAGE", 7)  # more than one page, not a whole number of them
    path = tmp_path / "all.mbox"
    export(synced, "mbox", path)
    assert digests(read(path.read_bytes())) == hashes(gmail)
    with closing(mailbox.mbox(path)) as box:
        labels = [each["X-Gmail-Labels"] for each in box]
    assert len(labels) == 40 and all(labels)
    assert re.search(r"40 messages, [\d,]+ bytes to ", capsys.readouterr().out)
    with pytest.raises(CommandError, match="exists already"):
        export(synced, "mbox", path)


def test_python_reads_every_byte_of_a_maildir(synced: Account, gmail: Gmail, tmp_path: Path) -> None:
    export(synced, "maildir", tmp_path / "box")
    box = mailbox.Maildir(tmp_path / "box", create=False)
    assert digests([box.get_bytes(key) for key in box.iterkeys()]) == hashes(gmail)
    unread = sum("UNREAD" in each[0] for each in truth(gmail).values())
    assert sum("S" not in each.get_flags() for each in box) == unread > 0


@pytest.mark.notmuch
def test_notmuch_reads_a_maildir_with_its_flags(synced: Account, gmail: Gmail, tmp_path: Path) -> None:
    export(synced, "maildir", tmp_path / "box")
    config = tmp_path / "notmuch"
    config.write_text(
        f"[database]\npath={tmp_path / 'box'}\n[user]\nname=a\nprimary_email=a@example.com\n[new]\ntags=\n"
    )

    def notmuch(*command: str) -> str:
        done = subprocess.run(["notmuch", f"--config={config}", *command], capture_output=True, text=True, timeout=30)
        assert done.returncode == 0, done.stderr
        return done.stdout

    notmuch("new")
    files = notmuch("search", "--output=files", "--exclude=false", "*").splitlines()
    assert digests([Path(file).read_bytes() for file in files]) == hashes(gmail)
    unread = notmuch("search", "--output=files", "--exclude=false", "tag:unread").splitlines()
    assert len(unread) == sum("UNREAD" in each[0] for each in truth(gmail).values())


def test_a_search_gives_what_the_page_lists_as_files(synced: Account, gmail: Gmail, tmp_path: Path) -> None:
    export(synced, "eml", tmp_path, "--query", "is:unread")
    lines = [json.loads(line) for line in (tmp_path / LABELS).read_text(encoding="utf-8").splitlines()]
    wanted = {id_ for id_, each in truth(gmail).items() if "UNREAD" in each[0] and not {"SPAM", "TRASH"} & set(each[0])}
    assert {each["gmail_id"] for each in lines} == wanted
    assert digests([path.read_bytes() for path in tmp_path.rglob("*.eml")]) == sorted(
        truth(gmail)[id_][3] for id_ in wanted
    )


def test_what_is_missing_is_named_and_the_command_fails(
    synced: Account, gmail: Gmail, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    gone = gmail.ids()[3]
    RawMessage.objects.filter(message__gmail_id=gone, message__account=synced).delete()
    gmail.delete([gone])
    with pytest.raises(CommandError, match="1 messages are missing"):
        export(synced, "mbox", tmp_path / "all.mbox")
    assert f"{gone} is missing: Gmail no longer has it" in capsys.readouterr().err
    assert len(read((tmp_path / "all.mbox").read_bytes())) == 39


def test_a_place_that_cannot_be_written_to_is_said_in_a_sentence(synced: Account, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(CommandError, match=r"Cannot write to .*: Not a directory\."):
        export(synced, "mbox", tmp_path / "file" / "all.mbox")
