"""Make a chart of what was counted, with the table behind it: pure, the numbers are handed in."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any
from urllib.parse import urlencode

from django.template.defaultfilters import filesizeformat
from django.utils import formats
from django.utils.dates import WEEKDAYS
from django.utils.translation import gettext as _

from mailsync.dashboard.figures import count
from mailsync.dashboard.words import label_name

MONTHS, BARS, DAYS = 36, 10, 30
SHADES = 5
Row = list[Any]


@dataclass(frozen=True, slots=True)
class Cell:
    """What a table says; where it leads; whether it is a number."""

    text: str
    link: str = ""
    number: bool = False


@dataclass(frozen=True, slots=True)
class Chart:
    """Bars with their table. `series` are names with a value for each label; `unit` is how the script writes a value."""

    key: str
    title: str
    says: str
    labels: Sequence[str]
    series: Sequence[tuple[str, Sequence[float]]]
    heads: Sequence[Cell]
    rows: Sequence[Sequence[Cell]]
    across: bool = False
    unit: str = "count"
    tones: Sequence[str] = field(default_factory=lambda: ["good"])

    @property
    def drawn(self) -> dict[str, Any]:
        """What the script needs."""
        named = [
            {"label": name, "data": values, "tone": tone}
            for (name, values), tone in zip(self.series, self.tones, strict=False)
        ]
        return {"labels": self.labels, "series": named, "across": self.across, "unit": self.unit}


def heads(first: str, *numbers: str) -> list[Cell]:
    """The heads of a table: one of words, the rest of numbers."""
    return [Cell(first), *(Cell(name, number=True) for name in numbers)]


def number(value: int, link: str = "") -> Cell:
    """A whole number."""
    return Cell(count(value), link, number=True)


def mail_link(account: int, **query: str) -> str:
    """To the mail behind a number."""
    return "/mail/?" + urlencode({"account": account, **query})


def months(counted: Sequence[Row], account: int) -> Chart:
    """Mail received and sent in each month; a month without any is a zero, which is true."""
    known = {month: (received, sent) for month, received, sent in counted}
    newest = list(_months_until(max(known, default="")))[-MONTHS:] if known else []
    first = min(known, default="")
    shown = [month for month in newest if month >= first]
    received, sent = ([known.get(month, (0, 0))[place] for month in shown] for place in (0, 1))
    rows = [
        [
            Cell(_month(month), mail_link(account, q=f"after:{month}-01 before:{_next(month)}-01".replace("-", "/"))),
            number(known[month][0]),
            number(known[month][1]),
        ]
        for month in sorted(known, reverse=True)[:400]
    ]
    return Chart(
        "months",
        _("Mail per month"),
        _("%(received)s received and %(sent)s sent in all.")
        % {"received": count(sum(row[1] for row in counted)), "sent": count(sum(row[2] for row in counted))},
        [_month(month) for month in shown],
        [(_("Mail received"), received), (_("Mail sent"), sent)],
        heads(_("Month"), _("Mail received"), _("Mail sent")),
        rows,
        tones=["good", "busy"],
    )


def senders(counted: Sequence[Row], account: int) -> Chart:
    """Who wrote most."""
    rows = [
        [Cell(name or address), Cell(address, mail_link(account, q=f"from:{address}")), number(mails), _size(size)]
        for address, name, mails, size in counted
    ]
    top = counted[:BARS]
    names = [name for _address, name, *_rest in top]
    return Chart(
        "senders",
        _("Who writes most"),
        _("The senders of most of the mail received."),
        [name if name and names.count(name) == 1 else address for address, name, *_rest in top],
        [(_("Messages"), [mails for _address, _name, mails, _size in top])],
        [Cell(_("Name")), Cell(_("Address")), Cell(_("Messages"), number=True), Cell(_("Size"), number=True)],
        rows,
        across=True,
    )


def labels(counted: Sequence[Row], account: int, total: int) -> Chart:
    """How much space the mail of each label takes."""
    named = [(label, label_name(label, name), mails, size) for label, name, mails, size in counted]
    rows = [
        [Cell(name, mail_link(account, label=label)), number(mails), _size(size)] for label, name, mails, size in named
    ]
    return Chart(
        "labels",
        _("Size by label"),
        _("%(size)s in all, as Gmail counts it. A message with several labels counts under each.")
        % {"size": filesizeformat(total)},
        [name for _label, name, *_rest in named[:BARS]],
        [(_("Size"), [size for *_rest, size in named[:BARS]])],
        heads(_("Label"), _("Messages"), _("Size")),
        rows,
        across=True,
        unit="bytes",
    )


def syncs(counted: Sequence[Row], today: date, account: int) -> Chart:
    """How the syncs of the last days ended."""
    known = {day: row for day, *row in counted}
    days = [(today - timedelta(days=ago)).isoformat() for ago in range(DAYS - 1, -1, -1)]
    values = [known.get(day, (0, 0, 0, 0)) for day in days]
    rows = [
        [Cell(_day(day), f"/jobs/?account={account}"), *(number(value) for value in known[day])]
        for day in sorted(known, reverse=True)
    ]
    return Chart(
        "syncs",
        _("Syncs"),
        _("The last thirty days: %(succeeded)s succeeded, %(failed)s failed.")
        % {"succeeded": count(sum(row[1] for row in counted)), "failed": count(sum(row[2] for row in counted))},
        [_day(day) for day in days],
        [
            (name, [row[place] for row in values])
            for place, name in enumerate((_("Succeeded"), _("Failed"), _("Cancelled")))
        ],
        heads(_("Day"), _("Succeeded"), _("Failed"), _("Cancelled"), _("Messages added")),
        rows,
        tones=["good", "bad", "soft"],
    )


def units(spent: Iterable[tuple[date, int]], today: date, a_minute: int) -> Chart:
    """What each day cost: of what the limit allows in a day, or in units where there is no limit."""
    known, allowed = dict(spent), a_minute * 60 * 24
    days = [today - timedelta(days=ago) for ago in range(DAYS - 1, -1, -1)]
    share = [round(100 * known.get(day, 0) / allowed, 3) if allowed else known.get(day, 0) for day in days]
    table = [Cell(_("Day (UTC)")), Cell(_("Units"), number=True)] + [Cell(_("Of the limit"), number=True)] * bool(
        allowed
    )
    rows = [
        [Cell(_day(day.isoformat())), number(cost)]
        + [Cell(f"{100 * cost / allowed:.2f} %" if allowed else "", number=True)] * bool(allowed)
        for day, cost in sorted(known.items(), reverse=True)
    ]
    said = _("Gmail allows %(limit)s units a minute, %(day)s a day.") if allowed else _("No limit is set here.")
    return Chart(
        "units",
        _("Gmail's quota"),
        said % {"limit": count(a_minute), "day": count(allowed)},
        [_day(day.isoformat()) for day in days],
        [(_("Of a day's limit, per cent") if allowed else _("Units"), share)],
        table,
        rows,
        unit="percent" if allowed else "count",
        tones=["busy"],
    )


@dataclass(frozen=True, slots=True)
class Hour:
    """An hour of the week: messages received in it, how dark it is drawn (0 to 5)."""

    mails: int
    shade: int


def week(counted: Sequence[Row]) -> list[tuple[str, list[Hour]]]:
    """Each day of the week with its hours."""
    known = {(day, hour): mails for day, hour, mails in counted}
    most = max(known.values(), default=0)

    def at(day: int, hour: int) -> Hour:
        mails = known.get((day, hour), 0)
        return Hour(mails, -(-SHADES * mails // most) if most else 0)

    return [(str(WEEKDAYS[day - 1]), [at(day, hour) for hour in range(24)]) for day in range(1, 8)]


def _size(octets: int) -> Cell:
    return Cell(filesizeformat(octets), number=True)


def _day(day: str) -> str:
    return formats.date_format(date.fromisoformat(day), "MONTH_DAY_FORMAT")


def _month(month: str) -> str:
    return formats.date_format(date.fromisoformat(f"{month}-01"), "YEAR_MONTH_FORMAT")


def _next(month: str) -> str:
    year, number_of = divmod(int(month[:4]) * 12 + int(month[5:]), 12)
    return f"{year:04}-{number_of + 1:02}"


def _months_until(last: str) -> Iterator[str]:
    end = int(last[:4]) * 12 + int(last[5:]) - 1
    for each in range(end - MONTHS + 1, end + 1):
        yield f"{each // 12:04}-{each % 12 + 1:02}"
