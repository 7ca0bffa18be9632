"""Gmail's search operators, as far as programs use them."""

import re
from collections.abc import Callable
from datetime import datetime
from zoneinfo import ZoneInfo

from gmail.simulator.mailbox import Mailbox, Message
from gmail.simulator.pages import is_number
from gmail.simulator.payload import headers_of

PACIFIC = ZoneInfo("America/Los_Angeles")
UNITS = {"d": 86_400, "h": 3_600, "m": 30 * 86_400, "y": 365 * 86_400}
SIZES = {"": 1, "k": 1024, "m": 1024 * 1024, "kb": 1024, "mb": 1024 * 1024}
PLACES = {"inbox": "INBOX", "sent": "SENT", "spam": "SPAM", "trash": "TRASH", "drafts": "DRAFT", "draft": "DRAFT"}
FLAGS = {"unread": "UNREAD", "starred": "STARRED", "important": "IMPORTANT", "chats": "CHAT", "chat": "CHAT"}
TERM = re.compile(r'(-?)(?:(\w+):)?("[^"]*"|\{[^}]*\}|\([^)]*\)|[^\s"]+)')

Test = Callable[[Message], bool]


def asks_for_hidden(query: str) -> bool:
    """Whether the query itself names spam or trash."""
    return bool(re.search(r"(?:^|\s)(?:in|label|is):(?:anywhere|spam|trash)", query, re.IGNORECASE))


def compile_query(query: str, mailbox: Mailbox, now: float) -> Test:
    """One test for a whole query; its terms are joined by AND, words match headers. `now` in seconds."""
    tests = [_term(match, mailbox, now) for match in TERM.finditer(query)]
    return lambda message: all(test(message) for test in tests)


def _term(match: re.Match[str], mailbox: Mailbox, now: float) -> Test:
    minus, operator, value = match.groups()
    if not operator and value[0] + value[-1] in ("()", "{}"):
        parts = [_term(inner, mailbox, now) for inner in TERM.finditer(value[1:-1])]
        joined = any if value[0] == "{" else all
        test: Test = lambda message: joined(part(message) for part in parts)  # noqa: E731
    else:
        test = _test((operator or "").lower(), value.strip('"(){}'), mailbox, now)
    return (lambda message: not test(message)) if minus else test


def _test(operator: str, value: str, mailbox: Mailbox, now: float) -> Test:
    if operator in ("after", "newer", "before", "older"):
        moment = _moment(value)
        return (lambda m: m.date >= moment) if operator in ("after", "newer") else (lambda m: m.date < moment)
    if operator in ("newer_than", "older_than"):
        moment = int((now - int(value[:-1]) * UNITS[value[-1]]) * 1000) if _is_span(value) else 0
        return (lambda m: m.date >= moment) if operator == "newer_than" else (lambda m: m.date < moment)
    if operator in ("larger", "smaller", "size"):
        limit = _bytes(value)
        return (lambda m: m.size < limit) if operator == "smaller" else (lambda m: m.size >= limit)
    if operator in ("in", "is", "label", "category"):
        return _labelled(operator, value, mailbox)
    if operator == "rfc822msgid":
        wanted = f"<{value.strip('<>')}>"
        return lambda m: m.origin.message_id(m) == wanted
    return _text(operator, value)


def _moment(value: str) -> int:
    """Milliseconds: epoch seconds are exact, a date is its midnight at the Pacific."""
    if is_number(value) and len(value) > 4:
        return int(value) * 1000
    try:
        year, month, day = (int(part) for part in re.split("[/-]", value))
        return int(datetime(year, month, day, tzinfo=PACIFIC).timestamp() * 1000)
    except ValueError:
        return 0


def _is_span(value: str) -> bool:
    return is_number(value[:-1]) and len(value) < 8 and value[-1] in UNITS


def _bytes(value: str) -> int:
    match = re.fullmatch(r"([0-9]{1,15})(k|m|kb|mb)?", value.lower())
    return int(match[1]) * SIZES[match[2] or ""] if match else 0


def _labelled(operator: str, value: str, mailbox: Mailbox) -> Test:
    name = value.lower()
    if name == "anywhere":
        return lambda m: True
    if name == "read":
        return lambda m: "UNREAD" not in m.labels
    if operator == "category":
        wanted = {f"CATEGORY_{'PERSONAL' if name == 'primary' else name.upper()}"}
    else:
        known = PLACES | FLAGS
        wanted = {known[name]} if name in known else _by_name(name, mailbox)
    return lambda m: not wanted.isdisjoint(m.labels)


def _by_name(name: str, mailbox: Mailbox) -> set[str]:
    """Labels by id, or by name with blanks and slashes written as hyphens."""
    plain = re.sub(r"[\s/&]+", "-", name)
    return {
        label.id
        for label in mailbox.labels.values()
        if label.id.lower() == name or re.sub(r"[\s/&]+", "-", label.name.lower()) == plain
    }


def _text(operator: str, value: str) -> Test:
    wanted = value.lower()
    fields = {"subject": {"subject"}, "from": {"from"}, "to": {"to", "delivered-to"}, "cc": {"cc"}, "list": {"list-id"}}

    def matches(message: Message) -> bool:
        raw = message.origin.raw(message)
        if operator in ("has", "filename"):
            return b"filename" in raw and (operator == "has" or wanted.encode() in raw.lower())
        names = fields.get(operator, {"subject", "from", "to"})
        headers = [header["value"].lower() for header in headers_of(raw) if header["name"].lower() in names]
        return any(wanted in value for value in headers) or (
            not operator and wanted in message.origin.snippet(message).lower()
        )

    return matches
