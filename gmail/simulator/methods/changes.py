"""The methods that change mail."""

from collections.abc import Iterable

from gmail.simulator import refusals, wire
from gmail.simulator.call import Visit
from gmail.simulator.methods import messages, threads
from gmail.simulator.wire import Json

MOST_IDS = 1_000


def modify(visit: Visit) -> Json:
    """messages.modify."""
    return _relabel(visit, *_wanted(visit))


def trash(visit: Visit) -> Json:
    """messages.trash."""
    return _relabel(visit, ["TRASH"], ["INBOX", "SPAM"])


def untrash(visit: Visit) -> Json:
    """messages.untrash."""
    return _relabel(visit, [], ["TRASH"])


def _relabel(visit: Visit, add: list[str], remove: list[str]) -> Json:
    message = messages.find(visit)
    visit.change("labels", ids=[message.id], add=add, remove=remove)
    shown = wire.message(message)
    return {key: shown[key] for key in ("id", "threadId", "labelIds") if key in shown}


def _wanted(visit: Visit) -> tuple[list[str], list[str]]:
    body = visit.call.json()
    add, remove = list(body.get("addLabelIds") or ()), list(body.get("removeLabelIds") or ())
    for label in add + remove:
        if label not in visit.box.labels:
            raise refusals.invalid(f"labelId not found: {label}")
    return add, remove


def delete(visit: Visit) -> None:
    """messages.delete, for good."""
    visit.change("delete", ids=[messages.find(visit).id])


def batch_modify(visit: Visit) -> None:
    """messages.batchModify; unknown ids are passed over."""
    add, remove = _wanted(visit)
    visit.change("labels", ids=_known(visit), add=add, remove=remove)


def batch_delete(visit: Visit) -> None:
    """messages.batchDelete; unknown ids are passed over."""
    visit.change("delete", ids=_known(visit))


def _known(visit: Visit) -> list[str]:
    ids: Iterable[str] = visit.call.json().get("ids") or ()
    ids = list(dict.fromkeys(ids))
    if not 1 <= len(ids) <= MOST_IDS:
        raise refusals.invalid("No message ids specified." if not ids else "Too many ids.")
    return [id for id in ids if messages.parse_id(id) in visit.box.messages]


def modify_thread(visit: Visit) -> Json:
    """threads.modify."""
    add, remove = _wanted(visit)
    found = threads.members(visit)
    visit.change("labels", ids=[message.id for message in found], add=add, remove=remove)
    return {"id": f"{found[0].thread:x}", "messages": [wire.message(message) for message in found]}


def insert(visit: Visit) -> Json:
    """messages.insert with the letter in the field "raw"."""
    body = visit.call.json()
    if not body.get("raw"):
        raise refusals.invalid("'raw' RFC822 payload message string or uploading message via /upload/* URL required")
    spec = {"raw": body["raw"], "labelIds": body.get("labelIds") or []}
    if body.get("threadId"):
        spec["threadId"] = body["threadId"]
    (id,) = visit.change("deliver", messages=[spec])
    return wire.reference(visit.box.messages[int(id, 16)])
