"""From a call to its JSON: route, rights, answer."""

from collections.abc import Callable
from dataclasses import dataclass

import orjson

from gmail.simulator import masks, refusals
from gmail.simulator.call import Call, Visit
from gmail.simulator.methods import changes, mailboxes, messages, push, threads
from gmail.simulator.refusals import Refusal
from gmail.simulator.tokens import FULL, LABELS, METADATA, MODIFY, READONLY, Access
from gmail.simulator.world import World

READERS = frozenset({FULL, MODIFY, READONLY})
VIEWERS = READERS | {METADATA}
LABELLERS = frozenset({FULL, MODIFY, LABELS})
WRITERS = frozenset({FULL, MODIFY})
OWNERS = frozenset({FULL})
ROOT = "/gmail/v1/users/"


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A method of the API: its name, the scopes of which one is needed, what it does."""

    method: str
    scopes: frozenset[str]
    run: Callable[[Visit], object]


@dataclass(frozen=True, slots=True)
class Route:
    """An endpoint with the variables of its path; `user` is "me" or an address."""

    endpoint: Endpoint
    user: str
    variables: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Reply:
    """Status and body of an answer; 204 has none."""

    status: int
    body: bytes


ENDPOINTS = {
    ("GET", "profile"): Endpoint("getProfile", VIEWERS, mailboxes.profile),
    ("GET", "labels"): Endpoint("labels.list", VIEWERS | {LABELS}, mailboxes.list_labels),
    ("POST", "labels"): Endpoint("labels.create", LABELLERS, mailboxes.create_label),
    ("GET", "labels/*"): Endpoint("labels.get", VIEWERS | {LABELS}, mailboxes.get_label),
    ("GET", "history"): Endpoint("history.list", VIEWERS, mailboxes.history),
    ("GET", "messages"): Endpoint("messages.list", VIEWERS, messages.list_),
    ("POST", "messages"): Endpoint("messages.insert", WRITERS, changes.insert),
    ("GET", "messages/*"): Endpoint("messages.get", VIEWERS, messages.get),
    ("DELETE", "messages/*"): Endpoint("messages.delete", OWNERS, changes.delete),
    ("GET", "messages/*/attachments/*"): Endpoint("messages.attachments.get", READERS, messages.attachment),
    ("POST", "messages/*/modify"): Endpoint("messages.modify", WRITERS, changes.modify),
    ("POST", "messages/*/trash"): Endpoint("messages.trash", WRITERS, changes.trash),
    ("POST", "messages/*/untrash"): Endpoint("messages.untrash", WRITERS, changes.untrash),
    ("POST", "messages/batchModify"): Endpoint("messages.batchModify", WRITERS, changes.batch_modify),
    ("POST", "messages/batchDelete"): Endpoint("messages.batchDelete", OWNERS, changes.batch_delete),
    ("GET", "threads"): Endpoint("threads.list", VIEWERS, threads.list_),
    ("GET", "threads/*"): Endpoint("threads.get", VIEWERS, threads.get),
    ("POST", "threads/*/modify"): Endpoint("threads.modify", WRITERS, changes.modify_thread),
    ("POST", "watch"): Endpoint("watch", VIEWERS, push.watch),
    ("POST", "stop"): Endpoint("stop", VIEWERS, push.stop),
}


def route(call: Call) -> Route:
    """Which method a call means. Raises Refusal."""
    parts = call.path.removeprefix(ROOT).split("/") if call.path.startswith(ROOT) else []
    user, *rest = parts or [""]
    shape = "/".join(part if place % 2 == 0 else "*" for place, part in enumerate(rest))
    endpoint = ENDPOINTS.get((call.verb, "/".join(rest))) or ENDPOINTS.get((call.verb, shape))
    if endpoint is None:
        raise refusals.no_such_method()
    return Route(endpoint, user.replace("%40", "@"), tuple(rest[1::2]))


def admit(call: Call, route: Route, world: World, now: float) -> Access:
    """Whose call it is. Raises Refusal."""
    access = world.tokens.check(call.token, now)
    if access is None:
        raise refusals.unauthenticated()
    if route.user not in ("me", access.email):
        raise refusals.delegation_denied(route.user)
    if access.scopes.isdisjoint(route.endpoint.scopes):
        raise refusals.scope_too_small()
    return access


def answer(call: Call, route: Route, access: Access, world: World, now: float, fault: str = "") -> object:
    """What the method answers, as JSON's objects; None is an empty answer; `fault` spoils it. Raises Refusal."""
    box = world.mailbox(access.email)
    visit = Visit(call, route.endpoint.method, route.variables, access, box, world, now, fault)
    result = route.endpoint.run(visit)
    if fault == "absent_labels":
        result = masks.without("labelIds", result)
    fields = call.first("fields")
    return masks.apply(fields, result) if fields else result


def render(call: Call, result: object) -> Reply:
    """The bytes of an answer; indented like Google's unless prettyPrint=false."""
    if result is None:
        return Reply(204, b"")
    return Reply(
        200, orjson.dumps(result, option=None if call.first("prettyPrint") == "false" else orjson.OPT_INDENT_2)
    )


def refuse(refusal: Refusal) -> Reply:
    """The bytes of a refusal."""
    return Reply(refusal.status, orjson.dumps(refusal.body(), option=orjson.OPT_INDENT_2))
