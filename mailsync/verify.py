"""Compare a mirror with Gmail, from Gmail's answers alone."""

import hashlib
import random
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass, field

from django.db import transaction

from gmail.client import GmailClient
from gmail.errors import GmailError
from gmail.resources import Message as GmailMessage
from mailsync.messages import Reading, body, raw
from mailsync.models import Account, Label, Message
from mailsync.models.mail import MessageQuerySet
from mailsync.sync.bodies import keep_raw
from mailsync.sync.rows import parsed

MOST_TRIES = 3  # the mailbox may change while it is compared


@dataclass(slots=True)
class Differences:
    """What the mirror has otherwise than Gmail; empty lists when they are equal."""

    checked: int = 0
    bytes_checked: int = 0
    missing: list[str] = field(default_factory=list)
    surplus: list[str] = field(default_factory=list)
    labels: list[str] = field(default_factory=list)
    label_names: list[str] = field(default_factory=list)
    bytes: list[str] = field(default_factory=list)
    unread_bytes: list[str] = field(default_factory=list)

    @property
    def equal(self) -> bool:
        """Whether nothing differs."""
        return not any((self.missing, self.surplus, self.labels, self.label_names, self.bytes, self.unread_bytes))

    def as_json(self) -> dict:
        """Plain data."""
        return {"equal": self.equal, **asdict(self)}


def verify(account: Account, gmail: GmailClient, *, sample: int | None) -> Differences:
    """Every id, every label by listing, the bytes of `sample` messages (None: of all).

    What changes in Gmail while it is read is no difference of the mirror: the comparison is repeated while history moves.
    Raises GmailError.
    """
    found = Differences()
    for _ in range(MOST_TRIES):
        before = gmail.get_profile().history_id
        found = _compare(account, gmail)
        if found.equal or gmail.get_profile().history_id == before:
            break
    _compare_bytes(account, gmail, found, sample)
    return found


def _compare(account: Account, gmail: GmailClient) -> Differences:
    held = dict(_held(account).values_list("gmail_id", "labels"))
    listed = set(_ids(gmail))
    found = Differences(checked=len(listed), missing=sorted(listed - held.keys()), surplus=sorted(held.keys() - listed))
    names = {label.id: label.name for label in gmail.list_labels()}
    mine = dict(Label.objects.filter(account=account).values_list("label_id", "name"))
    found.label_names = sorted(id_ for id_ in names.keys() | mine.keys() if names.get(id_) != mine.get(id_))
    wrong: set[str] = set()
    for label in names:
        with_it = set(_ids(gmail, label)) & held.keys()
        wrong |= with_it ^ {id_ for id_, labels in held.items() if label in labels and id_ in listed}
    wrong |= {id_ for id_, labels in held.items() if set(labels) - names.keys()}
    found.labels = sorted(wrong)
    return found


def _ids(gmail: GmailClient, label: str | None = None) -> Iterator[str]:
    token: str | None = None
    while True:
        page = gmail.list_messages(label_ids=[label] if label else (), page_token=token)
        yield from (ref.id for ref in page.refs)
        token = page.next_page_token
        if token is None:
            return


def _compare_bytes(account: Account, gmail: GmailClient, found: Differences, sample: int | None) -> None:
    """Bytes against bytes; where only what a reader sees is held, that against the same of Gmail's.

    All of them where raw bytes are wanted means that those owed are fetched now, and kept.
    """
    rows = {row[0]: row[1:] for row in _held(account).values_list("gmail_id", "raw__pk", "body__pk")}
    chosen = sorted(rows)
    if sample is not None:
        chosen = random.Random(time.time()).sample(chosen, min(sample, len(chosen)))  # noqa: S311
    fetched_too = sample is None and account.wants_raw
    by_bytes = [id_ for id_ in chosen if rows[id_][0] is not None or (rows[id_][1] is not None and fetched_too)]
    for id_, answer in gmail.get_messages(by_bytes):
        _judge(found, id_, answer, lambda message: _same_bytes(account, message))
    for id_, answer in gmail.get_messages(sorted(set(chosen) - set(by_bytes)), format="full"):
        _judge(found, id_, answer, lambda message: _same_body(account, message))


def _held(account: Account) -> MessageQuerySet:
    return Message.objects.filter(account=account, deleted_at=None)


def _judge(
    found: Differences, id_: str, answer: GmailMessage | GmailError, same: Callable[[GmailMessage], bool]
) -> None:
    found.bytes_checked += 1
    if isinstance(answer, GmailError):
        if id_ not in found.surplus:
            found.unread_bytes.append(id_)
    elif not same(answer):
        found.bytes.append(id_)


def _same_bytes(account: Account, remote: GmailMessage) -> bool:
    message, exact = Message.objects.get(account=account, gmail_id=remote.id), remote.raw or b""
    with transaction.atomic():
        keep_raw([(message.pk, exact)])
    try:
        mine = raw(message)
    except Exception:  # damaged beyond unpacking is different, too
        return False
    return mine == exact and bytes(message.raw.sha256) == hashlib.sha256(exact).digest()


def _same_body(account: Account, remote: GmailMessage) -> bool:
    mail = parsed(remote)
    try:
        mine = body(Message.objects.get(account=account, gmail_id=remote.id))
    except Exception:  # damaged beyond unpacking is different, too
        return False
    return mine == Reading(list(mail.headers), mail.text, mail.html)


def sentences(found: Differences) -> Iterable[str]:
    """What differs, for a person."""
    words = {
        "missing": "messages that the mirror lacks",
        "surplus": "messages that Gmail no longer has",
        "labels": "messages whose labels differ",
        "label_names": "labels whose names differ",
        "bytes": "messages whose bytes differ",
        "unread_bytes": "messages whose bytes Gmail would not give",
    }
    for name, meaning in words.items():
        if ids := getattr(found, name):
            more = f", and {len(ids) - 10} more" if len(ids) > 10 else ""
            yield f"{len(ids)} {meaning}: {', '.join(ids[:10])}{more}"
