"""Let templates say numbers, moments, names in words."""

from datetime import datetime, timedelta
from typing import Any

from django import template
from django.utils.translation import get_language_info

from mailsync.dashboard import figures, sentences, words
from syncjobs import texts
from syncjobs.models import SyncJob, SyncJobEvent
from syncjobs.serializers import job_json

register = template.Library()

register.filter("count", figures.count)
register.filter("counts", figures.counts)
register.filter("rate", figures.rate)
register.filter("eta", figures.eta)
register.filter("mode", words.mode)
register.filter("phase", words.phase)
register.filter("saying", words.saying)
register.filter("step", words.step)
register.filter("waiting", sentences.waiting)
register.simple_tag(words.script_texts, name="script_texts")


@register.filter
def when(moment: datetime | None) -> str:
    """A <time>, brief; nothing for no moment."""
    return figures.time_tag(moment) if moment else ""


@register.filter
def exactly(moment: datetime | None) -> str:
    """A <time>, to the minute; nothing for no moment."""
    return figures.time_tag(moment, exact=True) if moment else ""


@register.filter
def took(job: SyncJob) -> str:
    """How long a job ran; nothing for one that has not begun or not ended."""
    return (
        figures.span((job.finished_at - job.started_at).total_seconds()) if job.finished_at and job.started_at else ""
    )


@register.filter
def span(length: timedelta) -> str:
    """A stretch of time."""
    return figures.span(length.total_seconds())


@register.filter
def seconds(length: float) -> str:
    """A stretch of time, to a tenth of a second where it is short."""
    return figures.span(length) if length >= 10 else figures.TEMPLATES["seconds"] % {"s": f"{length:.1f}"}


@register.filter
def why(job: SyncJob) -> str:
    """The error of a job that failed, in the reader's language; nothing for any other."""
    return texts.text(job.kind, job.error_code, job.error_params) if job.error_code else ""


@register.filter
def shown(job: SyncJob) -> dict[str, Any]:
    """The contract's JSON of a job."""
    return job_json(job)


@register.filter
def said(event: SyncJobEvent) -> str:
    """A line of a job's log in the reader's language."""
    return texts.text(event.job.kind, event.code, event.params)


@register.filter
def own_name(language: str) -> str:
    """A language's name in that language."""
    return str(get_language_info(language)["name_local"])
