from datetime import UTC, datetime

import pytest

from gmail.mime.dates import date


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Fri, 21 Nov 1997 09:55:06 -0600", datetime(1997, 11, 21, 15, 55, 6, tzinfo=UTC)),
        ("21 Nov 1997 09:55", datetime(1997, 11, 21, 9, 55, tzinfo=UTC)),
        ("Fri, 21 Nov 97 09:55:06 GMT (comment)", datetime(1997, 11, 21, 9, 55, 6, tzinfo=UTC)),
        ("Sat, 31 Dec 2016 23:59:60 +0000", datetime(2016, 12, 31, 23, 59, 59, tzinfo=UTC)),
        ("", None),
        ("yesterday", None),
        ("Fri, 41 Nov 1997 09:55:06 -0600", None),
        ("Fri, 21 Nov 1997 99:55:06 -0600", None),
        ("Fri, 21 Nov 1997 09:55:06 +9999", None),
        ("1 Jan 9999 00:00:00 +0000", datetime(9999, 1, 1, tzinfo=UTC)),
        ("31 Dec 9999 23:00:00 -1200", None),
        ("1 Jan 99999 00:00:00 +0000", None),
        ("1 Jan 1997 " + "9" * 5000, None),
    ],
)
def test_a_date_is_a_moment_in_utc_or_nothing(text: str, expected: datetime | None) -> None:
    assert date(text) == expected
