"""The one JSON shape of a job: API, socket, page."""

from datetime import UTC, datetime
from typing import Any

from syncjobs import texts
from syncjobs.models import SyncJob, SyncJobEvent
from syncjobs.states import State

EMPTY_STATS = {"total": 0, "done": 0, "added": 0, "updated": 0, "deleted": 0, "failed": 0, "bytes": 0, "units": 0}


def snapshot(job: SyncJob) -> dict[str, Any]:
    """The job as plain data, its texts still codes: what travels between processes."""
    failed = job.state == State.FAILED
    return {
        "task_id": job.task_id,
        **job.facts,
        "sync_type": job.mode,
        "trigger": job.trigger,
        "state": job.state,
        "phase": job.phase,
        "progress_percentage": round(job.percentage, 1),
        "stats": {**EMPTY_STATS, **job.stats},
        "rate_per_minute": job.rate_per_minute,
        "eta_seconds": job.eta_seconds,
        "message": [job.kind, job.message_code, job.message_params],
        "error": [job.kind, job.error_code, job.error_params] if failed else None,
        "created_at": moment(job.created_at),
        "started_at": moment(job.started_at),
        "updated_at": moment(job.updated_at),
        "finished_at": moment(job.finished_at),
        "revision": job.revision,
    }


def rendered(data: dict[str, Any]) -> dict[str, Any]:
    """A snapshot with its texts in the active language."""
    error = data["error"]
    return {
        **data,
        "message": texts.text(*data["message"]),
        "error": {"code": error[1], "message": texts.text(*error)} if error else None,
    }


def job_json(job: SyncJob) -> dict[str, Any]:
    """The contract's JSON of a job, in the active language."""
    return rendered(snapshot(job))


def event_json(event: SyncJobEvent) -> dict[str, Any]:
    """The contract's JSON of an event, in the active language."""
    return {
        "id": event.pk,
        "at": moment(event.at),
        "level": event.level,
        "code": event.code,
        "message": texts.text(event.job.kind, event.code, event.params),
    }


def moment(at: datetime | None) -> str | None:
    """RFC 3339 in UTC."""
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z") if at else None
