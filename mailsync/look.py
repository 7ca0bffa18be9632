"""Look within a request how much is new at Gmail."""

import time

from gmail.quota import Priority
from mailsync import schedule, usage
from mailsync.check import Count, count_new
from mailsync.credentials import IMPATIENCE, open_credentials, open_mailbox
from mailsync.models import Account

PATIENCE = 10.0  # seconds that a caller waits for quota


def new_mail(account: Account) -> Count:
    """How many messages Gmail has that the mirror lacks. Raises Paused, ReconnectNeeded, GmailError, Undecryptable."""
    schedule.must_be_able(account)
    credentials = open_credentials(account)
    gmail = open_mailbox(
        account,
        credentials,
        lambda seconds, _: time.sleep(seconds),
        priority=Priority.INTERACTIVE,
        max_wait=PATIENCE,
        timeout=IMPATIENCE,
    )
    try:
        return count_new(account, gmail)
    finally:
        usage.spent(account.pk, gmail.units, gmail.requests)
        gmail.close()
