"""Turn one term of a search into a condition on messages."""

import json
import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, tzinfo
from functools import reduce
from operator import and_, or_

from django.db.models import BooleanField, F, Func, Q, Value

from mailsync.indexing.folding import folded
from mailsync.indexing.runs import IN_NAMES, IN_SUBJECT, has_run
from mailsync.search.grammar import Term
from mailsync.search.matching import Match, containing, in_columns, in_json

SIZE = re.compile(r"(\d{1,15})([kmg]?)b?", re.IGNORECASE)
SIZES = {"": 1, "k": 1024, "m": 1024**2, "g": 1024**3}
DAY = re.compile(r"(\d{4})[/-](\d{1,2})[/-](\d{1,2})")
SECONDS = re.compile(r"\d{9,11}")
AGE = re.compile(r"(\d{1,5})([hdwmy])")
AGES = {"h": 1 / 24, "d": 1, "w": 7, "m": 30, "y": 365}
PLACES = {"sent": "SENT", "drafts": "DRAFT", "draft": "DRAFT", "chats": "CHAT", "important": "IMPORTANT"}
ESCAPED = re.compile(r'["\\\x00-\x1f]')  # what the text of a JSON does not show as it is
HIDDEN = ("SPAM", "TRASH")

OF_TIME = frozenset({"before", "after", "older", "newer", "older_than", "newer_than"})


@dataclass(frozen=True)
class Asker:
    """Who asks: what their labels are called, which addresses are theirs, when and where they are."""

    labels: Mapping[str, list[tuple[int, str]]] = field(default_factory=dict)  # slug -> (account, label id)
    addresses: Sequence[tuple[int, str]] = ()  # (account, address)
    now: datetime = field(default_factory=lambda: datetime.now(UTC))
    zone: tzinfo = UTC


def slug(name: str) -> str:
    """A label's name as people type it after `label:`: lower case, - for blanks and slashes."""
    return re.sub(r"[\s/]+", "-", name.strip().lower())


def condition(term: Term, asker: Asker) -> Match:
    """What the messages of this term have; an operator whose value makes no sense is searched as words."""
    found = OPERATORS[term.operator](term.value, asker) if term.operator else None
    if found is None:
        return words(term)
    return found if isinstance(found, Match) else Match.of(found)


def words(term: Term) -> Match:
    """Text of the mail: subject, people, files, body."""
    return reduce(and_, map(containing, [term.operator, *pieces(term)]), Match.of(Q()))


def pieces(term: Term) -> list[str]:
    """What must stand in one piece."""
    return [term.value] if term.phrase else term.value.split()


def _labelled(*ids: str) -> Q:
    return Q(labels__overlap=list(ids))


def _label(value: str, asker: Asker) -> Q:
    found = _labelled(value, value.upper())
    for account, label_id in asker.labels.get(slug(value), []):
        found |= Q(account_id=account, labels__contains=[label_id])
    return found


def _place(value: str, asker: Asker) -> Q:
    name = value.lower()
    if name == "anywhere":
        return ~Q(pk__in=[])
    if name == "deleted":
        return Q(deleted_at__isnull=False)
    if name in {"archive", "archived"}:
        return ~_labelled("INBOX", "SENT", "DRAFT", *HIDDEN)
    return _labelled(PLACES[name]) if name in PLACES else _label(value, asker)


def _state(value: str, asker: Asker) -> Q | None:
    states = {
        "unread": _labelled("UNREAD"),
        "read": ~_labelled("UNREAD"),
        "starred": _labelled("STARRED"),
        "important": _labelled("IMPORTANT"),
    }
    return states.get(value.lower())


def _has(value: str, asker: Asker) -> Q | None:
    if value.lower() in {"attachment", "attachments"}:
        return Q(has_attachments=True)
    return None


def _inside(column: str, path: str, value: str) -> Q:
    """Part of a text in a JSON; the index narrows by the text of the whole, in which keys are found, too."""
    exact = _any_json(column, path, value)
    return exact if ESCAPED.search(value) else Q(**{f"{column}__icontains": value}) & exact


def _filename(value: str, asker: Asker) -> Match:
    return Match.of(Q(has_attachments=True)) & _inside_any(["attachments"], "$[*].filename", value)


def _addressed(*columns: str) -> Callable[[str, Asker], Match]:
    return lambda value, _: _inside_any(columns, "$[*].*", value)


def _inside_any(columns: Sequence[str], path: str, value: str) -> Match:
    if has_run(text := folded(value)):
        return in_json(columns, path, text)
    return Match.of(reduce(or_, (_inside(column, path, each) for column in columns for each in _spellings(value))))


def _written(*columns: str, mark: str) -> Callable[[str, Asker], Match]:
    def build(value: str, asker: Asker) -> Match:
        if has_run(text := folded(value)):
            return in_columns(columns, text, mark)
        spelt = (Q(**{f"{column}__icontains": each}) for column in columns for each in _spellings(value))
        return Match.of(reduce(or_, spelt))

    return build


def _spellings(value: str) -> list[str]:
    """The columns have what was sent, and a Mac writes é in the name of a file as two letters."""
    return sorted({value, *(unicodedata.normalize(form, value) for form in ("NFC", "NFD"))})


def _or_me(build: Callable[[str, Asker], Match]) -> Callable[[str, Asker], Match]:
    """`me` is the address of the mailbox."""

    def built(value: str, asker: Asker) -> Match:
        if value.lower() != "me" or not asker.addresses:
            return build(value, asker)
        mine = (Match.of(Q(account_id=account)) & build(address, asker) for account, address in asker.addresses)
        return reduce(or_, mine)

    return built


def _any_json(column: str, path: str, value: str) -> Q:
    """Whether a string there contains `value`; `q` makes the pattern of jsonpath a plain text."""
    test = f'{path} ? (@ like_regex {json.dumps(value, ensure_ascii=False)} flag "iq")'
    exists = Func(F(column), Value(test), function="jsonb_path_exists", output_field=BooleanField())
    exists.template = "%(function)s(%(expressions)s::jsonpath)"
    return Q(exists)


def _sized(lookup: str) -> Callable[[str, Asker], Q | None]:
    def build(value: str, asker: Asker) -> Q | None:
        match = SIZE.fullmatch(value)
        return Q(**{f"size__{lookup}": int(match[1]) * SIZES[match[2].lower()]}) if match else None

    return build


def _dated(lookup: str) -> Callable[[str, Asker], Q | None]:
    def build(value: str, asker: Asker) -> Q | None:
        moment = _moment(value, asker.zone)
        return Q(**{f"internal_date__{lookup}": moment}) if moment else None

    return build


def _aged(lookup: str) -> Callable[[str, Asker], Q | None]:
    def build(value: str, asker: Asker) -> Q | None:
        match = AGE.fullmatch(value.lower())
        if match is None:
            return None
        days = min(int(match[1]) * AGES[match[2]], 100_000)
        return Q(**{f"internal_date__{lookup}": asker.now - timedelta(days=days)})

    return build


def _moment(value: str, zone: tzinfo) -> datetime | None:
    """Midnight of YYYY/MM/DD in the asker's zone, or exact unix seconds."""
    if SECONDS.fullmatch(value):
        return datetime.fromtimestamp(int(value), UTC)
    match = DAY.fullmatch(value)
    try:
        return datetime(int(match[1]), int(match[2]), int(match[3]), tzinfo=zone) if match else None
    except ValueError:
        return None


def _message_id(value: str, asker: Asker) -> Q:
    bare = value.strip("<>")
    return Q(message_id__in=[bare, f"<{bare}>"])


OPERATORS: dict[str, Callable[[str, Asker], Match | Q | None]] = {
    "from": _or_me(_written("sender_email", "sender_name", mark=IN_NAMES)),
    "to": _or_me(_addressed("to", "cc")),
    "cc": _or_me(_addressed("cc")),
    "subject": _written("subject", mark=IN_SUBJECT),
    "label": _label,
    "in": _place,
    "is": _state,
    "has": _has,
    "filename": _filename,
    "larger": _sized("gt"),
    "size": _sized("gte"),
    "smaller": _sized("lt"),
    "after": _dated("gte"),
    "newer": _dated("gte"),
    "before": _dated("lt"),
    "older": _dated("lt"),
    "newer_than": _aged("gte"),
    "older_than": _aged("lt"),
    "category": lambda value, _: _labelled(
        "CATEGORY_PERSONAL" if value.lower() == "primary" else f"CATEGORY_{value.upper()}"
    ),
    "rfc822msgid": _message_id,
}
