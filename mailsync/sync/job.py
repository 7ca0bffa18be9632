"""Wire a job to the sync of its mailbox."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from google.auth.credentials import Credentials

from gmail import errors as gmail_errors
from gmail.client import GmailClient
from gmail.quota import Priority
from mailsync import outcome
from mailsync.credentials import IMPATIENCE, PATIENCE, keep_refreshed, open_credentials, open_mailbox
from mailsync.encryption import Undecryptable
from mailsync.models import Account
from mailsync.schedule import restart
from mailsync.sync.engine import BudgetSpent, Engine
from mailsync.sync.ports import Stats, SuddenlyEmpty
from mailsync.sync.scopes import BATCH, CONFIRMED, FULL, MORE_TO_DO, RECONCILE, WINDOW, wider
from mailsync.sync.store import MailboxStore
from mailsync.texts import MODES, TEXTS
from syncjobs.context import Context
from syncjobs.errors import Interrupted, JobFailed, RetryLater
from syncjobs.registry import Kind
from syncjobs.states import Phase, Queue

PRIORITIES = {Queue.INTERACTIVE: Priority.INTERACTIVE, Queue.SCHEDULED: Priority.SCHEDULED}
MOST_PATIENCE = 120.0  # seconds that a client waits for quota before the job is given back
SHORTEST_PAUSE, LONGEST_PAUSE = 1.0, 3600.0


def run(context: Context) -> None:
    """One pass over one mailbox, as far as this slice goes."""
    account = _account(context)
    with _batch_ends_with_its_request(context), _translated():
        credentials = open_credentials(account)
        gmail = _mailbox(context, account, credentials)
        engine = Engine(gmail, MailboxStore(account, context), context, _stats(context), budget=context.limit)
        try:
            _pass(context, engine)
        finally:
            keep_refreshed(account, credentials)
            gmail.close()


def _mailbox(context: Context, account: Account, credentials: Credentials) -> GmailClient:
    return open_mailbox(
        account,
        credentials,
        _waiting(context),
        priority=PRIORITIES[Queue(context.job.queue)],
        max_wait=MOST_PATIENCE,
        timeout=PATIENCE if context.limit is None else IMPATIENCE,  # a limit is set by a request that must answer soon
    )


def _pass(context: Context, engine: Engine) -> None:
    try:
        if context.job.mode in (FULL, RECONCILE):
            engine.whole(confirmed=bool(context.job.params.get(CONFIRMED)))
        elif context.job.mode == WINDOW:
            engine.window(context.job.params["after"])
        else:
            engine.incremental()
    except BudgetSpent:  # what a waiting job lent to a request goes on later
        raise Interrupted(phase=Phase.NEXT_SLICE, code=MORE_TO_DO) from None


@contextmanager
def _batch_ends_with_its_request(context: Context) -> Iterator[None]:
    """Nobody waits or tries again for a batch: whoever asked for it calls again."""
    try:
        yield
    except Interrupted:
        if context.job.mode != BATCH:
            raise
        context.log(MORE_TO_DO)
    except RetryLater as trouble:
        if context.job.mode != BATCH:
            raise
        raise JobFailed(trouble.code, **trouble.params) from None


def _account(context: Context) -> Account:
    try:
        return Account.objects.get(pk=context.job.facts["account"])
    except Account.DoesNotExist:
        raise JobFailed("account_gone") from None


def _stats(context: Context) -> Stats:
    known = {name: value for name, value in context.job.stats.items() if name in Stats.__dataclass_fields__}
    return Stats(**known)


def _waiting(context: Context) -> Callable[[float, str], None]:
    def wait(seconds: float, reason: str) -> None:
        if reason == "quota":
            context.wait(seconds, Phase.WAITING_FOR_QUOTA, "waiting_for_gmail_quota")
        else:
            context.wait(seconds, Phase.BACKING_OFF, "gmail_hiccup")

    return wait


@contextmanager
def _translated() -> Iterator[None]:
    """Gmail's errors in the words of jobs (design: two readers of an error)."""
    try:
        yield
    except gmail_errors.RateLimited as limit:
        seconds = _pause(limit.retry_at, time.time())
        raise Interrupted(
            wait=seconds, phase=Phase.WAITING_FOR_QUOTA, code="waiting_for_gmail_quota", seconds=round(seconds)
        ) from limit
    except gmail_errors.GrantRevoked:
        raise JobFailed("reconnect_needed") from None
    except gmail_errors.Transient as trouble:
        raise RetryLater("gmail_unreachable", reason=trouble.code) from trouble
    except gmail_errors.Refused as refusal:
        raise JobFailed("gmail_refused", reason=refusal.reason or refusal.code) from None
    except Undecryptable:
        raise JobFailed("credentials_unreadable") from None
    except SuddenlyEmpty as gap:
        raise JobFailed(gap.code, listed=gap.listed, mirrored=gap.mirrored) from None


def _pause(retry_at: float | None, now: float) -> float:
    wanted = (retry_at - now) if retry_at is not None else 60.0
    return min(max(wanted, SHORTEST_PAUSE), LONGEST_PAUSE)


MAILBOX = Kind(run=run, wider=wider, finished=outcome.record, restart=restart, texts=TEXTS, modes=MODES)
