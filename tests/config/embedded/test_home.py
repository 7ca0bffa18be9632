import shutil
import stat
from collections import namedtuple
from pathlib import Path

import pytest

from config.embedded import home as homes
from config.embedded.errors import CannotStart
from config.embedded.home import CHECKOUT, Home


def test_the_home_lies_in_the_checkout_unless_it_is_named() -> None:
    assert homes.locate({}).path == CHECKOUT / ".mailsync"
    assert homes.locate({"MAILSYNC_HOME": ""}).path == CHECKOUT / ".mailsync"
    assert homes.locate({"MAILSYNC_HOME": "/srv/mail"}).path == Path("/srv/mail")


def test_a_home_that_is_a_file_is_refused_in_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(CannotStart, match=r"^MAILSYNC_HOME .*file cannot be used: File exists\.$"):
        homes.prepare(Home(tmp_path / "file"))


def test_a_full_disk_is_said_before_anything_is_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    usage = namedtuple("usage", "total used free")(10**12, 10**12, 50 * 1024 * 1024)
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage)
    with pytest.raises(CannotStart, match=r"Disk full.*has 50 MB left and needs 300 MB"):
        homes.prepare(Home(tmp_path / "home"))


def test_nobody_else_reads_the_logs_of_a_home(tmp_path: Path) -> None:
    made = homes.prepare(Home(tmp_path / "home"))
    assert stat.S_IMODE(made.logs.stat().st_mode) == 0o700
    assert stat.S_IMODE(made.path.stat().st_mode) & 0o066 == 0


def test_what_is_private_is_readable_by_its_owner_only(tmp_path: Path) -> None:
    path = tmp_path / "secret.json"
    path.write_text("old")
    path.chmod(0o644)
    homes.write_private(path, {"a": 1})
    assert path.read_text() == '{"a": 1}'
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
