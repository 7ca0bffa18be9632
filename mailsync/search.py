"""Turn Gmail's operators into a query."""

import shlex
from collections.abc import Callable

from django.contrib.postgres.search import SearchQuery
from django.db.models import Q, QuerySet

from mailsync.models import Message

MOST_WORDS = 50

OPERATORS: dict[str, Callable[[str], Q]] = {
    "from": lambda who: Q(sender_email__icontains=who) | Q(sender_name__icontains=who),
    "to": lambda who: Q(to__icontains=who) | Q(cc__icontains=who),
    "subject": lambda words: Q(subject__icontains=words),
    "label": lambda label: Q(labels__contains=[label]) | Q(labels__contains=[label.upper()]),
    "rfc822msgid": lambda id_: Q(message_id=id_) | Q(message_id=f"<{id_.strip('<>')}>"),
    "has": lambda what: (
        Q(has_attachments=True) if what == "attachment" else Q(search=SearchQuery(what, config="simple"))
    ),
    "is": lambda what: STATES.get(what, lambda: Q(search=SearchQuery(what, config="simple")))(),
    "in": lambda where: PLACES.get(where, lambda: Q(labels__contains=[where.upper()]))(),
}
STATES: dict[str, Callable[[], Q]] = {
    "unread": lambda: Q(labels__contains=["UNREAD"]),
    "read": lambda: ~Q(labels__contains=["UNREAD"]),
    "starred": lambda: Q(labels__contains=["STARRED"]),
    "important": lambda: Q(labels__contains=["IMPORTANT"]),
}
PLACES: dict[str, Callable[[], Q]] = {"anywhere": Q, "deleted": lambda: Q(deleted_at__isnull=False)}
HIDDEN = ("SPAM", "TRASH")


def search(messages: QuerySet[Message], q: str) -> QuerySet[Message]:
    """Messages that match; as in Gmail, spam and trash only where `q` names them, the deleted only with in:deleted."""
    words = _words(q)[:MOST_WORDS]
    for word in words:
        messages = messages.filter(condition(word))
    lowered = {word.lower() for word in words}
    if "in:deleted" not in lowered:
        messages = messages.filter(deleted_at=None)
    shown = {"in:anywhere", "in:spam", "in:trash", "label:spam", "label:trash", "in:deleted"}
    return messages if lowered & shown else messages.exclude(labels__overlap=list(HIDDEN))


def condition(word: str) -> Q:
    """One operator or word; an unknown operator is searched as words."""
    minus = word.startswith("-") and len(word) > 1
    name, colon, value = word.lstrip("-").partition(":")
    operator = OPERATORS.get(name.lower())
    found = (
        operator(value) if operator and colon and value else Q(search=SearchQuery(word.lstrip("-"), config="simple"))
    )
    return ~found if minus else found


def _words(q: str) -> list[str]:
    try:
        return shlex.split(q.replace("\x00", " ").replace("'", " "))
    except ValueError:  # an unbalanced quote is a character like any other
        return q.replace("\x00", " ").replace('"', " ").split()
