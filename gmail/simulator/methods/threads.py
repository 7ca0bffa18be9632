"""users.threads."""

from gmail.simulator import pages, refusals, wire
from gmail.simulator.call import Visit
from gmail.simulator.mailbox import Message
from gmail.simulator.methods import messages
from gmail.simulator.wire import Json


def list_(visit: Visit) -> Json:
    """threads.list: conversations with a matching message, by their newest matching one."""
    token = visit.call.first("pageToken")
    before = pages.unseal(token, 2) if token else None
    seen: set[int] = set()
    firsts = (message for message in messages.matching(visit, None) if _first_of_thread(message, seen))
    rest = (m for m in firsts if before is None or (m.date, m.number) < (before[0], before[1]))
    found, more = pages.take(rest, pages.size(visit.call.first("maxResults")))
    shown = [_summary(message) for message in found]
    token = pages.seal(found[-1].date, found[-1].number) if more else None
    return wire.listing("threads", shown, token) | {"resultSizeEstimate": 201 if token else len(shown)}


def _first_of_thread(message: Message, seen: set[int]) -> bool:
    new = message.thread not in seen
    seen.add(message.thread)
    return new


def _summary(message: Message) -> Json:
    full = wire.message(message)
    return {"id": f"{message.thread:x}", "snippet": full["snippet"], "historyId": full["historyId"]}


def members(visit: Visit) -> list[Message]:
    """The messages of the conversation that the path names, oldest first. Raises Refusal."""
    numbers = visit.box.threads.get(messages.parse_id(visit.variables[0]))
    if not numbers:
        raise refusals.not_found()
    return sorted((visit.box.messages[number] for number in numbers), key=lambda m: (m.date, m.number))


def get(visit: Visit) -> Json:
    """threads.get; there is no format "raw"."""
    format = (visit.call.first("format") or "full").lower()
    if format not in ("full", "metadata", "minimal"):
        raise refusals.invalid(f"Invalid value at 'format', \"{format}\"")
    if format == "full" and messages.only_metadata(visit):
        raise refusals.metadata_scope("Metadata scope doesn't allow format FULL")
    found = members(visit)
    newest = max(message.history_id for message in found)
    return {
        "id": f"{found[0].thread:x}",
        "historyId": str(newest),
        "messages": [messages.shown(visit, message, format) for message in found],
    }
