"""Reach Gmail within a request: what goes wrong there is an answer of ours."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from django.utils.translation import gettext as _

from gmail.errors import GmailError, GrantRevoked, RateLimited
from mailsync import schedule
from mailsync.api import lookup
from mailsync.api.errors import ApiError
from mailsync.encryption import Undecryptable


@contextmanager
def gmail_answers() -> Iterator[None]:
    """Turn Gmail's errors, with those of the account, into the API's: 409 or 503."""
    try:
        yield
    except (schedule.Paused, schedule.ReconnectNeeded) as error:
        raise lookup.refusal(error) from None
    except (GrantRevoked, Undecryptable):
        raise lookup.refusal(schedule.ReconnectNeeded()) from None
    except RateLimited:
        raise ApiError(
            503, "gmail_unavailable", _("Gmail's quota is used up for the moment."), retry_after=60
        ) from None
    except GmailError:
        raise ApiError(503, "gmail_unavailable", _("Gmail cannot be reached at the moment."), retry_after=30) from None


@contextmanager
def one_of_few(places: threading.BoundedSemaphore, message: str) -> Iterator[None]:
    """One of the few that a web process bears at once; else 503 `busy`."""
    if not places.acquire(blocking=False):
        raise ApiError(503, "busy", message, retry_after=5)
    try:
        yield
    finally:
        places.release()
