"""users.messages."""

import re
from collections.abc import Iterator
from functools import partial

from gmail.simulator import attachments, pages, payload, refusals, wire
from gmail.simulator.call import Visit
from gmail.simulator.letters.draw import share
from gmail.simulator.mailbox import Message
from gmail.simulator.query import asks_for_hidden, compile_query
from gmail.simulator.tokens import METADATA
from gmail.simulator.wire import Json

FORMATS = ("minimal", "full", "raw", "metadata")
ID = re.compile(r"[0-9a-fA-F]{1,16}")


def find(visit: Visit) -> Message:
    """The message that the path names. Raises Refusal."""
    number = parse_id(visit.variables[0])
    if number not in visit.box.messages:
        raise refusals.not_found()
    return visit.box.messages[number]


def parse_id(text: str) -> int:
    """The number behind an id of a message or thread. Raises Refusal."""
    if not ID.fullmatch(text):
        raise refusals.invalid("Invalid id value")
    return int(text, 16)


def only_metadata(visit: Visit) -> bool:
    """Whether the restrictions of gmail.metadata hold: they do even beside a larger scope."""
    return METADATA in visit.access.scopes


def matching(visit: Visit, before: tuple[int, int] | None) -> Iterator[Message]:
    """What the parameters q, labelIds and includeSpamTrash let through, newest first. Raises Refusal."""
    call, query = visit.call, visit.call.first("q") or ""
    if query and only_metadata(visit):
        raise refusals.metadata_scope("Metadata scope does not support 'q' parameter")
    labels = frozenset(call.query.get("labelIds", ()))
    if not labels <= visit.box.labels.keys():
        raise refusals.invalid("Invalid label: " + ", ".join(sorted(labels - visit.box.labels.keys())))
    shown = call.flag("includeSpamTrash") or asks_for_hidden(query) or bool(labels & {"SPAM", "TRASH"})
    hidden = frozenset() if shown else frozenset({"SPAM", "TRASH"})
    test = compile_query(query, visit.box, visit.now)
    for message in visit.box.newest_first(before):
        if labels <= message.labels and hidden.isdisjoint(message.labels) and (not query or test(message)):
            yield message


def page(visit: Visit) -> tuple[list[Message], str | None]:
    """The page that maxResults and pageToken ask for; tokens are positions or values, as the settings say."""
    count = pages.size(visit.call.first("maxResults"))
    token = visit.call.first("pageToken")
    if visit.fault == "empty_page":
        return [], token or _first_token(visit)
    if visit.world.settings.page_tokens == "position":
        skip = pages.unseal(token, 1)[0] if token else 0
        items = matching(visit, None)
        for _ in range(skip):
            next(items, None)
        messages, more = pages.take(items, count)
        return messages, pages.seal(skip + count) if more else None
    before = pages.unseal(token, 2) if token else None
    messages, more = pages.take(matching(visit, None if before is None else (before[0], before[1])), count)
    return messages, pages.seal(messages[-1].date, messages[-1].number) if more else None


def _first_token(visit: Visit) -> str:
    """A token that means the first page."""
    return pages.seal(0) if visit.world.settings.page_tokens == "position" else pages.seal(1 << 62, 0)


def list_(visit: Visit) -> Json:
    """messages.list; the estimate is as rough as Gmail's."""
    messages, token = page(visit)
    if disorder := visit.world.settings.disorder:
        messages = _disordered(messages, disorder)
    estimate = 201 if token else len(messages)
    return wire.listing("messages", [wire.reference(m) for m in messages], token) | {"resultSizeEstimate": estimate}


def _disordered(messages: list[Message], part: float) -> list[Message]:
    """Neighbours change places now and then, the same ones each time."""
    for place in range(0, len(messages) - 1, 2):
        if share(messages[place].number) < part:
            messages[place], messages[place + 1] = messages[place + 1], messages[place]
    return messages


def get(visit: Visit) -> Json:
    """messages.get in its four formats."""
    format = (visit.call.first("format") or "full").lower()
    if format not in FORMATS:
        raise refusals.invalid(
            f"Invalid value at 'format' (type.googleapis.com/caribou.api.proto.MessageFormat), \"{format}\""
        )
    if format in ("full", "raw") and only_metadata(visit):
        raise refusals.metadata_scope(f"Metadata scope doesn't allow format {format.upper()}")
    return shown(visit, find(visit), format)


def shown(visit: Visit, message: Message, format: str) -> Json:
    """A message in one of the four formats."""
    body = wire.message(message)
    if format == "minimal":
        return body
    raw = message.origin.raw(message)
    if format == "raw":
        return body | {"raw": payload.encode(raw)}
    if format == "metadata":
        return body | {
            "payload": {"mimeType": payload.mime_type(raw), "headers": _chosen(visit, payload.headers_of(raw))}
        }
    return body | {"payload": payload.tree(raw, partial(attachments.new_id, message.number, now=visit.now))}


def _chosen(visit: Visit, headers: list[dict[str, str]]) -> list[dict[str, str]]:
    wanted = {name.lower() for name in visit.call.query.get("metadataHeaders", ())}
    return [header for header in headers if not wanted or header["name"].lower() in wanted]


def attachment(visit: Visit) -> Json:
    """messages.attachments.get; ids grow old."""
    message = find(visit)
    part_id = attachments.part_of(visit.variables[1], message.number, visit.now, visit.world.settings.attachment_ttl)
    data = payload.find(message.origin.raw(message), part_id)
    if data is None:
        raise refusals.not_found()
    return {"size": len(data), "data": payload.encode(data)}
