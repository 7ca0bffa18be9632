"""users.getProfile, users.history and users.labels."""

from gmail.simulator import pages, refusals, wire
from gmail.simulator.call import Visit
from gmail.simulator.history import Expired
from gmail.simulator.wire import Json

TYPES = frozenset({"messageAdded", "messageDeleted", "labelAdded", "labelRemoved"})


def profile(visit: Visit) -> Json:
    """users.getProfile."""
    return wire.profile(visit.box)


def list_labels(visit: Visit) -> Json:
    """labels.list, all on one page."""
    return wire.listing("labels", [wire.label(label) for label in visit.box.labels.values()])


def get_label(visit: Visit) -> Json:
    """labels.get, with counts."""
    if visit.variables[0] not in visit.box.labels:
        raise refusals.not_found()
    return wire.counted(visit.box.labels[visit.variables[0]], visit.box)


def create_label(visit: Visit) -> Json:
    """labels.create."""
    name = str(visit.call.json().get("name") or "")
    if not name or name.lower() in {label.name.lower() for label in visit.box.labels.values()}:
        raise refusals.Refusal(409, "Label name exists or conflicts", "aborted", "ABORTED")
    return wire.label(visit.box.labels[visit.change("label", name=name)])


def history(visit: Visit) -> Json:
    """history.list: what came after startHistoryId, oldest first, with the mailbox's current id."""
    call = visit.call
    wanted = frozenset(call.query.get("historyTypes", TYPES))
    if not wanted <= TYPES:
        bad = sorted(wanted - TYPES)[0]
        raise refusals.invalid(
            f"Invalid value at 'history_types' (type.googleapis.com/gmail.v1.HistoryType), \"{bad}\""
        )
    start, count = _start(call.first("startHistoryId")), pages.size(call.first("maxResults"))
    label = call.first("labelId")
    if label is not None and label not in visit.box.labels:
        raise refusals.not_found()
    token = call.first("pageToken")
    resumed = pages.unseal(token, 1)[0] if token else start
    try:
        visit.box.history.since(start, visit.now)
        records = visit.box.history.since(resumed, visit.now)
    except Expired:
        raise refusals.not_found() from None
    if visit.fault == "empty_page":
        return {"historyId": str(visit.box.history.current), "nextPageToken": pages.seal(resumed)}
    matching = (r for r in records if label is None or label in r.labels | r.gained | r.lost)
    shown = ((r.id, json) for r in matching if (json := wire.record(r, wanted)) is not None)
    found, more = pages.take(shown, count)
    token = pages.seal(found[-1][0]) if more else None
    twice = 2 if visit.fault == "duplicate_records" else 1
    return wire.listing("history", [json for _, json in found for _ in range(twice)], token) | {
        "historyId": str(visit.box.history.current)
    }


def _start(text: str | None) -> int:
    if text is None or not pages.is_number(text):
        raise refusals.invalid(f"Invalid value at 'start_history_id' (TYPE_UINT64), \"{text or ''}\"")
    return int(text)
