"""Name what is counted: each name that processes count under, with what it means."""

from dataclasses import dataclass
from itertools import product

PREFIX = "mailsync_"


@dataclass(frozen=True, slots=True)
class Counted:
    """A counter, or with `timed` a histogram of seconds.

    `always`: values of its labels that are shown before anything happened. Prometheus sees an increase only of what it has
    seen before: the first bug of all would be none.
    """

    help: str
    labels: tuple[str, ...] = ()
    timed: bool = False
    always: tuple[tuple[str, ...], ...] = ()


KINDS = ("mailbox", "backfill")
FAILURES = (
    *("BUG", "POISON", "STALE", "UNKNOWN_KIND"),
    *("reconnect_needed", "credentials_unreadable", "delegation_refused", "account_gone"),
    *("gmail_refused", "gmail_unreachable", "database_trouble", "shutdown"),
)
FORGERIES = ("token", "issuer", "audience", "service_account", "time", "signature", "unconfigured")  # gmail.pubsub

COUNTED = {
    "claims": Counted("Slices that a worker began."),
    "claim_latency_seconds": Counted("From the moment a job was due until a worker took it.", timed=True),
    "takeovers": Counted("Jobs taken from a worker that was lost."),
    "fenced_writes": Counted("Slices that found their lease gone; nothing of them was kept."),
    "jobs_finished": Counted(
        "Jobs that came to their end; the code says why one failed.",
        ("kind", "state", "code"),
        always=(*product(KINDS, ("FAILED",), FAILURES), *product(KINDS, ("SUCCEEDED",), ("",))),
    ),
    "snapshots_dropped": Counted("Snapshots of progress that did not reach Redis; browsers poll instead."),
    "quota_units": Counted("Units of Gmail's quota spent."),
    "gmail_requests": Counted("Requests to Gmail."),
    "quota_wait_seconds": Counted("Seconds that jobs waited for quota."),
    "notices": Counted(
        "Attempts to tell a user of something.",
        ("way", "result"),
        always=(*product(("mail", "webhook"), ("told", "failed")),),
    ),
}
LEVELS = {"sockets": "Sockets open in browsers."}
