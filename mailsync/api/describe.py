"""Complete the OpenAPI schema with what holds for every operation: errors, parameters, headers, examples."""

from http import HTTPStatus
from itertools import groupby
from typing import Any

from mailsync.api.answers import codes_of
from mailsync.api.codes import CODES
from mailsync.api.examples import EXAMPLES
from mailsync.api.parameters import complete, if_none_match, of_page

Node = dict[str, Any]

ERROR: Node = {
    "type": "object",
    "description": "What every error answers.",
    "required": ["success", "code", "message"],
    "additionalProperties": False,
    "properties": {
        "success": {"type": "boolean", "const": False},
        "code": {"type": "string", "enum": sorted(CODES)},
        "message": {"type": "string", "description": "For people, in their language where it has one."},
        "errors": {
            "type": "object",
            "description": "What is wrong with each field; only where a field is wrong.",
            "additionalProperties": {"type": "array", "items": {"type": "string"}},
        },
    },
}
INTRODUCTION = """Start syncs, watch them, read the mirror.

Sign in with `Authorization: Token ...` or with the session of a browser (then what changes something carries a CSRF token).
Every path works with and without its trailing slash. Every object belongs to a user; a stranger's id is 404.
A parameter may be given once only, twice is 400; parameters that nobody knows are ignored.
A method that an address does not know is 405. Times are RFC 3339 in UTC.

Every error has one shape, `Error`, with one of these codes:

| code | status | meaning |
|---|---|---|
"""
TAGS = {
    "sync": "Start syncs, ask how they stand.",
    "jobs": "What syncs do and did.",
    "accounts": "Mailboxes, with what they owe, have proven, have spent.",
    "messages": "The mail.",
    "threads": "Conversations.",
    "labels": "Gmail's labels with their counts.",
    "tokens": "Keys to this API.",
}
DONE = {
    200: "As asked.",
    201: "Created.",
    202: "Accepted: it is done in the background.",
    204: "Done; nothing to say.",
    206: "The range asked for.",
}
RETRY_AFTER: Node = {"description": "Come back in so many seconds.", "schema": {"type": "integer", "minimum": 0}}
CHALLENGE: Node = {"description": "How to sign in.", "schema": {"type": "string"}}
HEADERS = {401: {"WWW-Authenticate": CHALLENGE}, 429: {"Retry-After": RETRY_AFTER}, 503: {"Retry-After": RETRY_AFTER}}
REPLAYED: Node = {
    "description": "`true` when this is the answer of an earlier request with the same `Idempotency-Key`.",
    "schema": {"type": "string", "enum": ["true"]},
}
ETAG: Node = {"description": "What `If-None-Match` may say next time.", "schema": {"type": "string"}}
WITH_ETAG = {"jobs_retrieve", "messages_retrieve"}


def everything(result: Node, generator: Any, request: Any, public: bool) -> Node:
    """The hook of drf-spectacular: called with the whole schema, returns it."""
    rows = "".join(f"| `{name}` | {code.status} | {code.meaning} |\n" for name, code in CODES.items())
    result["info"]["description"] = INTRODUCTION + rows
    result["tags"] = [{"name": name, "description": meaning} for name, meaning in TAGS.items()]
    result["components"]["schemas"]["Error"] = ERROR
    for name, schema in result["components"]["schemas"].items():
        if name in EXAMPLES:
            schema["examples"] = [EXAMPLES[name]]
    for operations in result["paths"].values():
        for verb, operation in operations.items():
            describe(verb, operation)
    return result


def describe(verb: str, operation: Node) -> None:
    """One operation, in place."""
    operation["parameters"] = [complete(each) for each in operation.get("parameters", [])]
    if is_list(operation):
        operation["parameters"] += of_page(cursor=not any(each["name"] == "after" for each in operation["parameters"]))
    for status, response in operation["responses"].items():
        response["description"] = response["description"] or DONE[int(status)]
        if any(each["name"] == "Idempotency-Key" for each in operation["parameters"]):
            response.setdefault("headers", {})["Idempotency-Replayed"] = REPLAYED
    if operation["operationId"] in WITH_ETAG:
        add_etag(operation)
    operation["responses"] |= errors(codes_of(verb, operation))


def add_etag(operation: Node) -> None:
    """What can be asked for again at little cost."""
    operation["parameters"].append(if_none_match())
    operation["responses"]["200"]["headers"] = {"ETag": ETAG}
    operation["responses"]["304"] = {"description": "Nothing has changed.", "headers": {"ETag": ETAG}}


def is_list(operation: Node) -> bool:
    """Whether it answers pages."""
    return any(name.endswith("List'}") for name in map(str, schemas(operation)))


def schemas(operation: Node) -> list[Node]:
    """What it answers as JSON."""
    contents = (response.get("content", {}) for response in operation["responses"].values())
    return [content["application/json"]["schema"] for content in contents if "application/json" in content]


def errors(codes: list[str]) -> Node:
    """The responses of these codes, by status."""
    known = sorted(codes, key=lambda code: CODES[code].status)
    return {
        str(status): refused(status, list(group)) for status, group in groupby(known, lambda code: CODES[code].status)
    }


def refused(status: int, codes: list[str]) -> Node:
    """The response of one status, which says one of these codes."""
    schema = {"$ref": "#/components/schemas/Error", "properties": {"code": {"enum": codes}}}
    described = f"{HTTPStatus(status).phrase}: " + ", ".join(f"`{code}`" for code in codes) + "."
    example = {"success": False, "code": codes[0], "message": CODES[codes[0]].meaning}
    content = {"application/json": {"schema": schema, "example": example}}
    return {"description": described, "content": content} | ({"headers": HEADERS[status]} if status in HEADERS else {})
