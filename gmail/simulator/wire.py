"""Gmail's nouns as JSON: 64-bit numbers are strings, empty lists are left out."""

from html import escape

from gmail.simulator.history import Record
from gmail.simulator.labels import HIDDEN, Label
from gmail.simulator.mailbox import Mailbox, Message

Json = dict[str, object]


def profile(box: Mailbox) -> Json:
    """users.getProfile."""
    return {
        "emailAddress": box.email,
        "messagesTotal": len(box.messages),
        "threadsTotal": len(box.threads),
        "historyId": str(box.history.current),
    }


def label(label: Label) -> Json:
    """A label as labels.list shows it."""
    shown: Json = {"id": label.id, "name": label.name, "type": label.type}
    if label.id in HIDDEN:
        shown |= {"messageListVisibility": "hide", "labelListVisibility": "labelHide"}
    return shown


def counted(shown: Label, box: Mailbox) -> Json:
    """A label as labels.get shows it."""
    inside = [message for message in box.messages.values() if shown.id in message.labels]
    unread = [message for message in inside if "UNREAD" in message.labels]
    return label(shown) | {
        "messagesTotal": len(inside),
        "messagesUnread": len(unread),
        "threadsTotal": len({message.thread for message in inside}),
        "threadsUnread": len({message.thread for message in unread}),
    }


def reference(message: Message) -> Json:
    """A message in a list."""
    return {"id": message.id, "threadId": f"{message.thread:x}"}


def message(message: Message) -> Json:
    """What all formats of messages.get share."""
    shown = reference(message)
    if message.labels:
        shown["labelIds"] = sorted(message.labels)
    return shown | {
        "snippet": escape(message.origin.snippet(message)).replace("&#x27;", "&#39;"),
        "historyId": str(message.history_id),
        "internalDate": str(message.date),
        "sizeEstimate": message.size,
    }


def record(record: Record, wanted: frozenset[str]) -> Json | None:
    """A history record, None if it has nothing of the types that are `wanted`."""
    bare: Json = {"id": f"{record.message:x}", "threadId": f"{record.thread:x}"}
    full = bare | ({"labelIds": sorted(record.labels)} if record.labels else {})
    parts: Json = {}
    if record.kind == "added" and "messageAdded" in wanted:
        parts["messagesAdded"] = [{"message": full}]
    if record.kind == "deleted" and "messageDeleted" in wanted:
        parts["messagesDeleted"] = [{"message": full}]
    if record.gained and "labelAdded" in wanted:
        parts["labelsAdded"] = [{"message": full, "labelIds": sorted(record.gained)}]
    if record.lost and "labelRemoved" in wanted:
        parts["labelsRemoved"] = [{"message": full, "labelIds": sorted(record.lost)}]
    return {"id": str(record.id), "messages": [bare], **parts} if parts else None


def listing(name: str, items: list[Json], token: str | None = None) -> Json:
    """A page: the list is absent when it is empty."""
    page: Json = {name: items} if items else {}
    return page | ({"nextPageToken": token} if token else {})
