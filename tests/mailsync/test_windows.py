"""Windows begin at midnight where the person lives."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from mailsync import windows

BERLIN, SHANGHAI = ZoneInfo("Europe/Berlin"), ZoneInfo("Asia/Shanghai")


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def begins(seconds: int) -> str:
    return datetime.fromtimestamp(seconds + windows.OVERLAP_SECONDS, UTC).isoformat(timespec="minutes")[:16]


def test_today_begins_at_local_midnight() -> None:
    assert begins(windows.today(at("2026-11-22T23:30"), BERLIN)) == "2026-11-22T23:00"
    assert begins(windows.today(at("2026-11-22T22:30"), BERLIN)) == "2026-11-21T23:00"
    assert begins(windows.today(at("2026-11-22T15:59"), SHANGHAI)) == "2026-11-21T16:00"


def test_the_week_begins_on_monday_also_across_a_change_of_the_clocks() -> None:
    assert begins(windows.this_week(at("2026-11-22T12:00"), BERLIN)) == "2026-11-15T23:00"
    assert begins(windows.this_week(at("2026-10-25T12:00"), BERLIN)) == "2026-10-18T22:00"
    assert begins(windows.this_week(at("2026-11-16T00:00"), ZoneInfo("UTC"))) == "2026-11-16T00:00"


def test_today_begins_at_midnight_on_the_days_that_have_23_or_25_hours() -> None:
    assert begins(windows.today(at("2026-03-29T21:59"), BERLIN)) == "2026-03-28T23:00"
    assert begins(windows.today(at("2026-03-29T22:00"), BERLIN)) == "2026-03-29T22:00"
    assert begins(windows.today(at("2026-10-25T22:59"), BERLIN)) == "2026-10-24T22:00"
    assert begins(windows.today(at("2026-10-25T23:00"), BERLIN)) == "2026-10-25T23:00"


def test_where_midnight_is_skipped_or_comes_twice_the_day_begins_at_its_first_moment() -> None:
    skipped, twice = ZoneInfo("America/Santiago"), ZoneInfo("America/Havana")
    assert begins(windows.today(at("2026-09-06T15:00"), skipped)) == "2026-09-06T04:00"
    assert begins(windows.today(at("2026-11-01T15:00"), twice)) == "2026-11-01T04:00"
    assert begins(windows.this_week(at("2026-11-01T15:00"), twice)) == "2026-10-26T04:00"
