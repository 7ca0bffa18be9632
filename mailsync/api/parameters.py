"""What each parameter of the API means, with its bounds."""

from typing import Any

from syncjobs.pagination import LARGEST_PAGE
from syncjobs.parameters import LARGEST_ID

LONGEST_QUERY, LONGEST_LABEL = 2_000, 255


def number(lowest: int, highest: int, **more: Any) -> dict[str, Any]:
    """The schema of a whole number."""
    return {"type": "integer", "minimum": lowest, "maximum": highest, **more}


def text(longest: int, **more: Any) -> dict[str, Any]:
    """The schema of a text."""
    return {"type": "string", "maxLength": longest, **more}


# name: (schema, description, example)
MEANINGS: dict[str, tuple[dict[str, Any], str, Any]] = {
    "account": (
        number(1, LARGEST_ID),
        "Which account. Without it the user's only one is meant; lists show the mail of all.",
        7,
    ),
    "after": (number(0, LARGEST_ID, default=0), "Only events with a greater id.", 0),
    "batch_size": (number(1, 500, default=100), "How many messages at most.", 100),
    "cursor": ({"type": "string", "format": "cursor"}, "Where the page begins: part of `next` and `previous`, signed.", None),
    "force_full": ({"type": "boolean", "default": False}, "List the whole mailbox instead of what is new.", False),
    "label": (text(LONGEST_LABEL), "Only messages with this label of Gmail's (its id).", "INBOX"),
    "mirror": ({}, "What becomes of the mail that is held here: `erase` deletes it for good.", "keep"),
    "page_size": (number(1, LARGEST_PAGE), "How many results a page has at most; without it 50, of a log 200.", 50),
    "q": (text(LONGEST_QUERY), "Words and Gmail's operators. What is no operator is searched as words.", "from:ann is:unread"),
    "tz": ({"type": "string", "format": "iana-time-zone"}, "IANA time zone; without it the user's own.", "Europe/Berlin"),
    # In headers:
    "Idempotency-Key": ({}, "", None),
    "If-None-Match": ({"type": "string"}, "The `ETag` of an earlier answer: what has not changed since is 304.", None),
    # In paths:
    "gmail_id": ({}, "Gmail's id of the message.", "18f1c2a3b4d5e6f7"),
    "id": ({}, "The id, as the list shows it.", "7"),
    "part_id": ({}, "Gmail's id of the part; the root is `root`.", "1"),
    "task_id": ({}, "The job's id, as its start answered it.", "sync_3_1a2b3c4d_1795288663"),
    "thread_id": ({}, "Gmail's id of the conversation.", "18f1c2a3b4d5e6f7"),
    # Narrowed by the calls themselves:
    "state": ({}, "Only jobs in this state.", "FAILED"),
    "trigger": ({}, "Only jobs that this started.", "button"),
}  # fmt: skip


def complete(parameter: dict[str, Any]) -> dict[str, Any]:
    """A parameter of the schema with its bounds, its meaning, an example. Raises KeyError for one that has none here."""
    schema, description, example = MEANINGS[parameter["name"]]
    completed = {
        **parameter,
        "schema": {**parameter["schema"], **schema},
        "description": description or parameter["description"],
    }
    return completed | ({"example": example} if example is not None else {})


def if_none_match() -> dict[str, Any]:
    """The parameter of what is answered with an ETag."""
    return complete({"name": "If-None-Match", "in": "header", "schema": {}})


def of_page(*, cursor: bool) -> list[dict[str, Any]]:
    """The parameters that every list takes; a log goes by `after` instead of a cursor."""
    names = ("cursor", "page_size") if cursor else ("page_size",)
    return [complete({"name": name, "in": "query", "schema": {}}) for name in names]
