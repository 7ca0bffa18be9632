"""Open the mailbox of a job, its quota, its patience; hear Gmail's errors in the words of jobs."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from gmail import errors as gmail_errors
from gmail.client import GmailClient
from gmail.quota import Priority
from mailsync.credentials import IMPATIENCE, PATIENCE, open_credentials, open_mailbox
from mailsync.encryption import Undecryptable
from mailsync.models import Account
from mailsync.sync.ports import Stats, SuddenlyEmpty
from mailsync.usage import Meter
from syncjobs.context import Context
from syncjobs.errors import Interrupted, JobFailed, RetryLater
from syncjobs.meters import meters
from syncjobs.states import Phase

MOST_PATIENCE = 120.0  # seconds that a client waits for quota before the job is given back
SHORTEST_PAUSE, LONGEST_PAUSE = 1.0, 3600.0


@contextmanager
def session(
    context: Context, priority: Priority, *, max_wait: float = MOST_PATIENCE
) -> Iterator[tuple[Account, GmailClient, Meter]]:
    """The account of a job, its open mailbox, the meter of what is spent there.

    Raises what jobs understand: JobFailed, RetryLater, Interrupted.
    """
    account = _account(context)
    with _translated():
        credentials = open_credentials(account)
        gmail = open_mailbox(
            account,
            credentials,
            _waiting(context),
            priority=priority,
            max_wait=max_wait,
            timeout=PATIENCE
            if context.limit is None
            else IMPATIENCE,  # a limit is set by a request that must answer soon
        )
        meter = Meter(account.pk, gmail)
        try:
            yield account, gmail, meter
        finally:
            meter.finish()
            gmail.close()


def stats(context: Context) -> Stats:
    """The numbers of the job as its last slice left them."""
    known = {name: value for name, value in context.job.stats.items() if name in Stats.__dataclass_fields__}
    return Stats(**known)


def pause(retry_at: float | None, now: float) -> float:
    """Seconds to wait when Gmail, or our own quota, names a moment, or none."""
    wanted = (retry_at - now) if retry_at is not None else 60.0
    return min(max(wanted, SHORTEST_PAUSE), LONGEST_PAUSE)


def _account(context: Context) -> Account:
    try:
        account = Account.objects.get(pk=context.job.facts["account"])
    except Account.DoesNotExist:
        raise JobFailed("account_gone") from None
    if account.state == Account.State.RECONNECT:  # another process found out: Google is not asked a second time
        raise JobFailed("reconnect_needed")
    return account


def _waiting(context: Context) -> Callable[[float, str], None]:
    def wait(seconds: float, reason: str) -> None:
        if reason == "quota":
            with _counted():
                context.wait(seconds, Phase.WAITING_FOR_QUOTA, "waiting_for_gmail_quota")
        else:
            context.wait(seconds, Phase.BACKING_OFF, "gmail_hiccup")

    return wait


@contextmanager
def _counted() -> Iterator[None]:
    """Seconds waited, here or by a job that is given back for as long."""
    begun, later = time.monotonic(), 0.0
    try:
        yield
    except Interrupted as pause:
        later = pause.wait
        raise
    finally:
        meters.count("quota_wait_seconds", time.monotonic() - begun + later)


@contextmanager
def _translated() -> Iterator[None]:
    """Gmail's errors in the words of jobs (design: two readers of an error)."""
    try:
        yield
    except gmail_errors.RateLimited as limit:
        seconds = pause(limit.retry_at, time.time())
        raise Interrupted(
            wait=seconds, phase=Phase.WAITING_FOR_QUOTA, code="waiting_for_gmail_quota", seconds=round(seconds)
        ) from limit
    except gmail_errors.GrantRevoked:
        raise JobFailed("reconnect_needed") from None
    except gmail_errors.Transient as trouble:
        raise RetryLater("gmail_unreachable", reason=trouble.code) from trouble
    except gmail_errors.Refused as refusal:
        if refusal.reason == "unauthorized_client":
            raise JobFailed("delegation_refused") from None
        raise JobFailed("gmail_refused", reason=refusal.reason or refusal.code) from None
    except Undecryptable:
        raise JobFailed("credentials_unreadable") from None
    except SuddenlyEmpty as gap:
        raise JobFailed(gap.code, listed=gap.listed, mirrored=gap.mirrored) from None
