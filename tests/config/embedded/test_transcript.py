from pathlib import Path

from config.embedded.home import Home, prepare
from config.embedded.transcript import BOUND, complaint, open_log


def test_the_reason_of_an_end_is_looked_for_in_what_was_said_since_the_start(tmp_path: Path) -> None:
    home = prepare(Home(tmp_path / "home"))
    with open_log(home, "postgres") as log:
        log.write(b"FATAL: of long ago\n")
    with open_log(home, "postgres") as log:
        began_at = log.tell()
        assert complaint(home, "postgres", began_at).startswith("it wrote nothing to ")
        log.write(b"listening\nFATAL: no room\nHINT: make some\n")
    assert complaint(home, "postgres", began_at) == "FATAL: no room"
    assert complaint(home, "postgres", 2 * BOUND) == "FATAL: no room", "the log was begun anew meanwhile"
    with open_log(home, "postgres") as log:
        began_at = log.tell()
        log.write(b"LOG: interrupted\nHINT: some data is corrupted\n")
    assert complaint(home, "postgres", began_at) == "LOG: interrupted"
    assert complaint(home, "valkey", 0).startswith("it wrote nothing to ")
