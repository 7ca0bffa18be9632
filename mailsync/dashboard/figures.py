"""Say numbers, spans, moments as people read them."""

from datetime import datetime
from functools import lru_cache
from typing import Any

from django.utils import formats, timezone, translation
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _

# The page's script fills in the same templates, so that a number reads alike before its first update and after it.
TEMPLATES = {
    "counts": _("%(done)s of %(total)s"),
    "counted": _("%(done)s so far"),
    "rate": _("%(rate)s a minute"),
    "seconds": _("%(s)s s"),
    "minutes": _("%(m)s min"),
    "hours": _("%(h)s h"),
    "hours_minutes": _("%(h)s h %(m)s min"),
    "eta": _("about %(span)s left"),
}


def count(number: int | float) -> str:
    """A whole number in groups of three, as both languages of the pages write it (Django's Chinese groups none)."""
    return f"{round(number):,}"


def span(seconds: float) -> str:
    """A stretch of time, coarse enough to be honest."""
    if seconds < 60:
        return TEMPLATES["seconds"] % {"s": max(1, round(seconds))}
    minutes = round(seconds / 60)
    if minutes < 60:
        return TEMPLATES["minutes"] % {"m": minutes}
    template = TEMPLATES["hours_minutes" if minutes % 60 else "hours"]
    return template % {"h": minutes // 60, "m": minutes % 60}


def counts(job: dict[str, Any]) -> str:
    """How much of how much; nothing before the first number is known."""
    done, total = job["stats"]["done"], job["stats"]["total"]
    if total:
        return TEMPLATES["counts"] % {"done": count(done), "total": count(total)}
    return TEMPLATES["counted"] % {"done": count(done)} if done else ""


def rate(job: dict[str, Any]) -> str:
    """Messages a minute, while it runs."""
    if job["state"] != "RUNNING" or not job["rate_per_minute"]:
        return ""
    return TEMPLATES["rate"] % {"rate": count(job["rate_per_minute"])}


def eta(job: dict[str, Any]) -> str:
    """How long it will still take, while it runs; nothing while that is unknown."""
    if job["state"] != "RUNNING" or not job["eta_seconds"]:
        return ""
    return TEMPLATES["eta"] % {"span": span(job["eta_seconds"])}


def when(moment: datetime) -> str:
    """The time for today, else the day; in the reader's zone."""
    local, today = timezone.localtime(moment), timezone.localtime()
    if local.date() == today.date():
        return formats.time_format(local.time(), "H:i")
    pattern = "MONTH_DAY_FORMAT" if local.year == today.year else "DATE_FORMAT"
    return _written(local.replace(hour=0, minute=0), pattern)


def time_tag(moment: datetime, *, exact: bool = False) -> str:
    """A <time> element that shows `moment` briefly (or to the minute), exactly on hover."""
    local = timezone.localtime(moment)
    full = _written(local, "DATETIME_FORMAT")
    kind = "exact" if exact else "brief"
    return format_html(
        '<time datetime="{}" title="{}" data-when="{}">{}</time>',
        local.isoformat(),
        full,
        kind,
        full if exact else when(moment),
    )


def _written(local: datetime, pattern: str) -> str:
    """Without its zone: the same instant in two zones is equal to a cache, and reads differently."""
    return _formatted(local.replace(second=0, microsecond=0, tzinfo=None), pattern, translation.get_language())


@lru_cache(maxsize=10_000)  # lists show the same days again and again, and formatting is a tenth of such a page
def _formatted(minute: datetime, pattern: str, language: str | None) -> str:
    return formats.date_format(minute, pattern)
