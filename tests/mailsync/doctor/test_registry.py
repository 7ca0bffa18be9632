"""Checks one after the other: what breaks hides nothing."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

from mailsync.doctor.google import time_at_google
from mailsync.doctor.registry import Check, Finding, Level, bad, examine, is_well, note, ok


def breaks() -> Iterator[Finding]:
    yield ok("so far")
    raise ValueError("hunter2")


def test_a_check_that_breaks_is_a_finding_without_its_secrets() -> None:
    found = examine([Check("a", breaks), Check("b", lambda: [ok("fine")])])
    assert [(each.check, each.level) for each in found] == [("a", Level.BAD), ("b", Level.OK)]
    assert "ValueError" in found[0].said and "hunter2" not in str(found)


def test_what_cannot_be_looked_at_is_skipped_down_the_line() -> None:
    checks = [
        Check("a", lambda: [bad("no", "mend")]),
        Check("b", lambda: [ok("x")], ("a",)),
        Check("c", breaks, ("b",)),
    ]
    found = examine(checks)
    assert [each.level for each in found] == [Level.BAD, Level.SKIPPED, Level.SKIPPED]
    assert "a must be mended first" in found[1].said and not is_well(found)


def test_a_note_is_nothing_to_mend() -> None:
    assert is_well([ok("a"), note("b")]) and not is_well([ok("a"), bad("b", "c")])


def test_a_clock_that_differs_from_googles_is_told() -> None:
    now = datetime(2026, 11, 28, 12, tzinfo=UTC)
    assert not list(time_at_google(format_datetime(now + timedelta(seconds=5)), now))
    (found,) = time_at_google(format_datetime(now - timedelta(minutes=2)), now)
    assert "differs from Google's by 120 s" in found.said
    assert not list(time_at_google("yesterday", now)) and not list(time_at_google("", now))
