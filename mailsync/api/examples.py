"""One example of each object that the API answers, by the name of its component in the schema."""

from typing import Any

AT = "2026-11-21T09:04:23Z"
TASK_ID = "sync_3_1a2b3c4d_1795288663"
GMAIL_ID = "18f1c2a3b4d5e6f7"
NEXT = "https://mail.example.com/api/{}/?cursor=WzAsNDJd:1vMZQX:signature"

STATS = {"total": 10000, "done": 4150, "added": 4150, "updated": 0, "deleted": 0, "failed": 0, "bytes": 183500800}
STATS["units"] = 83000
JOB: dict[str, Any] = {
    "task_id": TASK_ID,
    "account": 7,
    "email": "ann@example.com",
    "sync_type": "full",
    "trigger": "button",
    "state": "RUNNING",
    "phase": "fetching",
    "progress_percentage": 41.5,
    "stats": STATS,
    "rate_per_minute": 298.0,
    "eta_seconds": 1178,
    "message": "Fetching mail, newest first",
    "error": None,
    "created_at": AT,
    "started_at": AT,
    "updated_at": AT,
    "finished_at": None,
    "revision": 83,
}
START = {
    "success": True,
    "created": True,
    "task_id": TASK_ID,
    "in_progress": True,
    "message": "Waiting for a worker",
    "stats": dict.fromkeys(STATS, 0),
    "job": JOB | {"state": "CREATED", "phase": "queued", "progress_percentage": 0.0, "started_at": None, "revision": 1},
}
STATUS = {
    "account": 7,
    "email": "ann@example.com",
    "state": "ok",
    "is_syncing": True,
    "task_id": TASK_ID,
    "sync_type": "full",
    "started_at": AT,
    "updated_at": AT,
    "progress_percentage": 41.5,
    "current_stats": STATS,
    "error_message": None,
    "last_sync_attempt": AT,
    "last_success_at": None,
    "next_sync_at": "2026-11-21T10:00:00Z",
    "sync_message": "Sync started",
    "complete_as_of": None,
    "worker_available": True,
}
ACCOUNT = {
    "id": 7,
    "email": "ann@example.com",
    "state": "ok",
    "paused": False,
    "interval_seconds": 3600,
    "next_sync_at": "2026-11-21T10:00:00Z",
    "policy": "both",
    "deleted_policy": "keep",
    "complete_as_of": AT,
    "grant_ends_at": None,
    "last_success_at": AT,
    "created_at": "2026-11-01T08:00:00Z",
}
LISTED = {
    "gmail_id": GMAIL_ID,
    "thread_id": GMAIL_ID,
    "account": 7,
    "labels": ["INBOX", "UNREAD"],
    "subject": "Minutes of Friday",
    "from": {"name": "Bob", "email": "bob@example.com"},
    "to": [{"name": "Ann", "email": "ann@example.com"}],
    "date": AT,
    "snippet": "Attached are the minutes ...",
    "size": 48213,
    "unread": True,
    "has_attachments": True,
}
CHANGE = {
    "id": 5120,
    "at": AT,
    "kind": "labels",
    "labels_added": ["STARRED"],
    "labels_removed": ["UNREAD"],
    "history_id": 918273,
    "task_id": TASK_ID,
}
MESSAGE = {
    **LISTED,
    "cc": [],
    "headers": [["Subject", "Minutes of Friday"], ["From", "Bob <bob@example.com>"]],
    "text": "Attached are the minutes of Friday.",
    "html": "<p>Attached are the minutes of Friday.</p>",
    "attachments": [{"part_id": "1", "filename": "minutes.pdf", "mime_type": "application/pdf", "size": 41002}],
    "internal_date": AT,
    "history_id": 918273,
    "fidelity": "full",
}
FAILURE = {
    "gmail_id": GMAIL_ID,
    "code": "transient",
    "reason": "503",
    "attempts": 2,
    "first_at": AT,
    "last_at": AT,
    "next_try_at": AT,
}
CERTIFICATE = {
    "at": AT,
    "task_id": TASK_ID,
    "history_id": 918273,
    "listed": 10000,
    "mirrored": 10000,
    "missing_count": 0,
    "owed_count": 0,
    "missing": [],
    "complete": True,
    "labels_checked": 14,
    "labels_corrected": 3,
    "bytes_checked": 50,
    "bytes_damaged": 0,
}
TOKEN = {"id": 4, "label": "cron", "created_at": AT, "expires_at": None, "last_used_at": AT}


def page(of: str, *results: dict[str, Any], more: bool = True) -> dict[str, Any]:
    """One page of a list."""
    return {"next": NEXT.format(of) if more else None, "previous": None, "results": list(results)}


EXAMPLES: dict[str, Any] = {
    "StartAnswer": START,
    "SimpleAnswer": {"success": True, "message": "Sync started"},
    "BatchAnswer": {
        "success": True,
        "synced_count": 100,
        "has_more": True,
        "message": "There is more to fetch",
        "in_progress": False,
        "task_id": TASK_ID,
    },
    "CheckAnswer": {"success": True, "new_count": 12, "as_of": AT},
    "StatusAnswer": {"success": True, "accounts": [STATUS]},
    "JobSchema": JOB,
    "JobAnswer": {"success": True, "job": JOB},
    "JobList": page("jobs", JOB),
    "EventList": page(
        f"jobs/{TASK_ID}/events",
        {"id": 91, "at": AT, "level": "info", "code": "fetching", "message": "Fetching mail, newest first"},
        more=False,
    ),
    "AccountSchema": ACCOUNT,
    "AccountList": page("accounts", ACCOUNT, more=False),
    "AccountAnswer": {
        "success": True,
        "account": ACCOUNT | {"state": "disconnected", "next_sync_at": None},
    },
    "PatchedAccountPatch": {"interval_seconds": 900},
    "FailureList": page("accounts/7/failures", FAILURE),
    "CertificateList": page("accounts/7/certificates", CERTIFICATE),
    "UsageList": page("accounts/7/usage", {"day": "2026-11-21", "units": 83000, "requests": 1610}),
    "MessageList": page("messages", LISTED),
    "MessageSchema": MESSAGE,
    "ChangeList": page(f"messages/{GMAIL_ID}/changes", CHANGE),
    "LabelList": page(
        "labels",
        {"id": "INBOX", "account": 7, "name": "INBOX", "type": "system", "total": 512, "unread": 9},
        more=False,
    ),
    "ThreadSchema": {"thread_id": GMAIL_ID, "messages": [LISTED]},
    "TokenList": page("tokens", TOKEN, more=False),
    "TokenRequest": {"label": "cron", "expires_days": 90},
    "NewToken": TOKEN | {"token": "shown-once"},
}
