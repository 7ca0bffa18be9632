"""Numbers as people read them."""

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.utils import formats, timezone, translation

from mailsync.dashboard.figures import count, counts, eta, rate, span, time_tag, when


def job(**changes: Any) -> dict[str, Any]:
    values = {
        "state": "RUNNING",
        "stats": {"done": 4150, "total": 10000},
        "rate_per_minute": 298.4,
        "eta_seconds": 1178.0,
    }
    return {**values, **changes}


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.2, "1 s"), (59, "59 s"), (60, "1 min"), (1178, "20 min"), (3600, "1 h"), (3599, "1 h"), (5400, "1 h 30 min")],
)
def test_a_span_is_as_coarse_as_it_is_honest(seconds: float, text: str) -> None:
    assert span(seconds) == text


def test_a_running_job_tells_counts_rate_and_time_left() -> None:
    assert (counts(job()), rate(job()), eta(job())) == ("4,150 of 10,000", "298 a minute", "about 20 min left")


def test_what_is_unknown_is_not_said() -> None:
    unknown = job(stats={"done": 0, "total": 0}, rate_per_minute=None, eta_seconds=None)
    assert (counts(unknown), rate(unknown), eta(unknown)) == ("", "", "")


def test_a_finished_job_has_neither_rate_nor_time_left() -> None:
    finished = job(state="SUCCEEDED")
    assert (rate(finished), eta(finished)) == ("", "")


def test_today_shows_the_time_another_day_the_day() -> None:
    now = timezone.now()
    assert when(now) == timezone.localtime(now).strftime("%H:%M")
    assert when(datetime(2020, 1, 2, tzinfo=UTC)) == "Jan 2, 2020"
    assert ":" not in when(now - timedelta(days=2))


def test_a_time_is_shown_in_the_readers_zone() -> None:
    moment = datetime(2020, 1, 2, 18, tzinfo=UTC)
    with timezone.override(ZoneInfo("Asia/Shanghai")):
        assert "2020-01-03T02:00:00+08:00" in time_tag(moment)
        assert time_tag(moment).endswith(">Jan 3, 2020</time>")
    with timezone.override(UTC):
        assert time_tag(moment).endswith(">Jan 2, 2020</time>")
        assert 'title="Jan 2, 2020, 18:00"' in time_tag(moment)
        assert 'title="Jan 2, 2020, 18:01"' in time_tag(moment + timedelta(minutes=1))


def test_numbers_are_grouped_in_chinese_as_well() -> None:
    with translation.override("zh-hans"):
        assert count(48213) == "48,213"


@pytest.mark.parametrize(
    ("language", "brief", "exact"),
    [("en", "Jan 5, 2020", "Jan 5, 2020, 14:03"), ("zh-hans", "2020年1月5日", "2020年1月5日 14:03")],
)
def test_a_day_reads_as_the_script_of_the_page_writes_it(language: str, brief: str, exact: str) -> None:
    moment = datetime(2020, 1, 5, 14, 3, tzinfo=UTC)
    with translation.override(language):
        assert f">{brief}</time>" in time_tag(moment)
        assert f">{exact}</time>" in time_tag(moment, exact=True)
        assert f">{formats.date_format(moment.date(), 'MONTH_DAY_FORMAT')}<" in {">Jan 5<", ">1月5日<"}
