"""Bring the exact bytes of one message after the other, from Gmail where they are not held yet."""

import hashlib
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

import zstandard

from gmail.errors import GmailError, GrantRevoked, RateLimited
from gmail.quota import Priority
from mailsync import raws
from mailsync.encryption import Undecryptable
from mailsync.models import Message, RawMessage
from mailsync.schedule import ReconnectNeeded
from mailsync.sync.rows import unpacked

MOST_MESSAGES, MOST_BYTES = 100, 4_000_000  # read from the database at once; a bigger message comes alone
PAUSES = (1.0, 5.0, 15.0)  # seconds between tries while Gmail is in trouble
LONGEST_WAIT = 60.0  # for quota, then it is asked again
MOST_WAITS = 30


@dataclass(frozen=True, slots=True)
class Original:
    """A message with its exact bytes."""

    message: Message
    raw: bytes


@dataclass(frozen=True, slots=True)
class Missing:
    """A message whose bytes cannot be had; `code` is a key of `texts.MISSING`."""

    message: Message
    code: str


Found = Original | Missing


class Originals:
    """What is held, and what Gmail gives of the rest: each mailbox is given up at its first refusal, not at each message."""

    def __init__(self, sleep: Callable[[float], None] = time.sleep) -> None:
        self._sleep = sleep
        self._closed: set[int] = set()  # accounts that Google does not let us into
        self._patient = True

    def of(self, pages: Iterable[Sequence[Message]]) -> Iterator[Found]:
        """Each message in its order, once."""
        for page in pages:
            for few in portions(page):
                held = RawMessage.objects.in_bulk([message.pk for message in few])
                for message in few:
                    yield self._one(message, held.pop(message.pk, None))

    def _one(self, message: Message, held: RawMessage | None) -> Found:
        if held is None:
            return self._fetched(message)
        try:
            found: Found = Original(message, unpacked(held.data, held.size))
        except zstandard.ZstdError:
            found = self._fetched(message)  # which mends what is held, where Gmail still has it
        whole = isinstance(found, Original) and hashlib.sha256(found.raw).digest() == bytes(held.sha256)
        return found if whole else Missing(message, "damaged")

    def _fetched(self, message: Message) -> Found:
        if message.account_id in self._closed:
            return Missing(message, "reconnect_needed")
        try:
            return self._asked(message)
        except raws.Unavailable:
            return Missing(message, "gone")
        except (ReconnectNeeded, Undecryptable, GrantRevoked):
            self._closed.add(message.account_id)
            return Missing(message, "reconnect_needed")
        except RateLimited:
            return Missing(message, "quota")
        except GmailError:
            return Missing(message, "unreachable")

    def _asked(self, message: Message) -> Original:
        """Wait for quota as long as it takes, for Gmail's health a little, the longer the fewer came before in vain."""
        pauses, waits = list(PAUSES if self._patient else ()), 0
        while True:
            try:
                raw = raws.raw(message, priority=Priority.SCHEDULED)
            except RateLimited as error:
                waits += 1
                if error.scope == "day" or waits > MOST_WAITS:
                    raise
                self._sleep(min(max((error.retry_at or 0) - time.time(), 1), LONGEST_WAIT))
            except (GrantRevoked, raws.Unavailable, ReconnectNeeded, Undecryptable):
                raise
            except GmailError:
                self._patient = bool(pauses)
                if not pauses:
                    raise
                self._sleep(pauses.pop(0))
            else:
                self._patient = True
                return Original(message, raw)


def portions(page: Sequence[Message]) -> Iterator[list[Message]]:
    """The page in pieces of bounded size, by the sizes that Gmail gave."""
    few: list[Message] = []
    size = 0
    for message in page:
        if few and (len(few) == MOST_MESSAGES or size + message.size > MOST_BYTES):
            yield few
            few, size = [], 0
        few.append(message)
        size += message.size
    if few:
        yield few
