"""Wire a job to the sync of its mailbox."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial

from django.conf import settings

from gmail.prices import price_table
from gmail.quota import Priority
from mailsync import outcome
from mailsync.schedule import restart
from mailsync.sync.asks import errands
from mailsync.sync.engine import BudgetSpent, Engine
from mailsync.sync.scopes import BATCH, CONFIRMED, FULL, MORE_TO_DO, RECONCILE, WINDOW, news, wider
from mailsync.sync.session import session, stats
from mailsync.sync.store import MailboxStore
from mailsync.texts import MODES, TEXTS
from syncjobs.context import Context
from syncjobs.errors import Interrupted, JobFailed, RetryLater
from syncjobs.registry import Kind
from syncjobs.states import Phase, Queue

PRIORITIES = {Queue.INTERACTIVE: Priority.INTERACTIVE, Queue.SCHEDULED: Priority.SCHEDULED}
ENOUGH_ATTEMPTS = 3  # in vain, with growing pauses: then what looks like an outage may be the messages themselves


def run(context: Context) -> None:
    """One pass over one mailbox, as far as this slice goes."""
    priority = PRIORITIES[Queue(context.job.queue)]
    with _batch_ends_with_its_request(context), session(context, priority) as (account, gmail, meter):
        store = MailboxStore(account, context, meter)
        plan = partial(errands, raw=store.raw_at_once, prices=price_table(settings.GMAIL_UNIT_COSTS))
        despair = context.job.attempts >= ENOUGH_ATTEMPTS
        _pass(context, Engine(gmail, store, context, stats(context), plan, budget=context.limit, despair=despair))


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


MAILBOX = Kind(run=run, wider=wider, finished=outcome.record, restart=restart, news=news, texts=TEXTS, modes=MODES)
