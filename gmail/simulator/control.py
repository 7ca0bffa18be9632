"""What /control/ can do to a running simulator."""

from collections.abc import Callable
from dataclasses import replace
from hashlib import sha256
from typing import Any

from gmail.simulator.faults import Rule
from gmail.simulator.latency import Latency
from gmail.simulator.mailbox import Mailbox
from gmail.simulator.script import Cue
from gmail.simulator.service import Service
from gmail.simulator.tokens import BUILT_IN, FULL

Json = dict[str, Any]
MOST_DELIVERED = 10_000


class ControlError(ValueError):
    """The request makes no sense; the message says why."""


def run(name: str, body: Json, service: Service) -> Json:
    """Do what POST /control/`name` asks. Raises ControlError."""
    if name not in COMMANDS:
        raise ControlError(f"no such command; there are {', '.join(sorted(COMMANDS))}")
    try:
        return COMMANDS[name](body, service) or {}
    except (KeyError, ValueError, TypeError) as error:
        raise ControlError(f"{type(error).__name__}: {error}") from error


def _perform(service: Service, op: str, body: Json, **details: object) -> Any:
    return service.world.perform(op, service.clock(), email=body["email"], **details)


def _known_ids(service: Service, body: Json) -> list[str]:
    box = service.world.mailbox(body["email"])
    unknown = [id for id in body["ids"] if int(id, 16) not in box.messages]
    if unknown:
        raise ValueError(f"no such messages: {unknown[:5]}")
    return list(body["ids"])


def deliver(body: Json, service: Service) -> Json:
    """{email, count} or {email, messages: [{raw | from, to, subject, text ..., labelIds, threadId, internalDate}]}."""
    letters, count = body.get("messages"), int(body.get("count", 1))
    if (len(letters) if letters else count) > MOST_DELIVERED:
        raise ValueError(f"at most {MOST_DELIVERED} at once")
    ids = _perform(service, "deliver", body, **({"messages": letters} if letters else {"count": count}))
    return {"ids": ids, **_cursor(service.world.mailbox(body["email"]))}


def labels(body: Json, service: Service) -> Json:
    """{email, ids, add: [label ids], remove: [label ids]}."""
    add, remove = list(body.get("add") or ()), list(body.get("remove") or ())
    if unknown := set(add) - service.world.mailbox(body["email"]).labels.keys():
        raise ValueError(f"no such labels: {sorted(unknown)}")
    _perform(service, "labels", body, ids=_known_ids(service, body), add=add, remove=remove)
    return _cursor(service.world.mailbox(body["email"]))


def trash(body: Json, service: Service) -> Json:
    """{email, ids}."""
    _perform(service, "labels", body, ids=_known_ids(service, body), add=["TRASH"], remove=["INBOX", "SPAM"])
    return _cursor(service.world.mailbox(body["email"]))


def delete(body: Json, service: Service) -> Json:
    """{email, ids}: for good."""
    _perform(service, "delete", body, ids=_known_ids(service, body))
    return _cursor(service.world.mailbox(body["email"]))


def create_label(body: Json, service: Service) -> Json:
    """{email, name} -> {id}."""
    return {"id": _perform(service, "label", body, name=str(body["name"]))}


def rename_label(body: Json, service: Service) -> None:
    """{email, id, name}."""
    _perform(service, "rename-label", body, id=str(body["id"]), name=str(body["name"]))


def delete_label(body: Json, service: Service) -> Json:
    """{email, id, silent: false}: it is taken off all mail; `silent` leaves no records of that in history."""
    _perform(service, "delete-label", body, id=str(body["id"]), silent=bool(body.get("silent")))
    return _cursor(service.world.mailbox(body["email"]))


def expire_history(body: Json, service: Service) -> Json:
    """{email}: every historyId given out so far is too old from now on."""
    _perform(service, "expire-history", body)
    return _cursor(service.world.mailbox(body["email"]))


def revoke(body: Json, service: Service) -> None:
    """{email}: all grants of the user end."""
    service.world.mailbox(body["email"])
    _perform(service, "revoke", body)


def grant(body: Json, service: Service) -> Json:
    """{email, token, scopes}: a refresh token that is good from now on: `sim-refresh-<email>`, for all, unless it is named."""
    service.world.mailbox(body["email"])
    token, scopes = str(body.get("token") or BUILT_IN + body["email"]), list(body.get("scopes") or [FULL])
    _perform(service, "grant", {"email": body["email"]}, token=token, scopes=scopes)
    return {"refresh_token": token}


def expire_tokens(body: Json, service: Service) -> None:
    """{email}: all access tokens end; refresh tokens stay good."""
    service.world.tokens.expire_access(body["email"])


def expire_codes(body: Json, service: Service) -> None:
    """{}: codes that were not redeemed yet are too old."""
    service.world.tokens.expire_codes()


def consents(body: Json, service: Service) -> None:
    """{lifetime: seconds, 0 without an end; lasting: whether there are refresh tokens}, for later consents; what is
    missing stays."""
    tokens = service.world.tokens
    tokens.grant_lifetime = int(body.get("lifetime", tokens.grant_lifetime))
    tokens.lasting = bool(body.get("lasting", tokens.lasting))


def secrets(service: Service) -> Json:
    """GET /control/secrets: every token and code that was handed out, those given by the settings included."""
    return {"issued": list(service.world.tokens.issued), "client_secret": service.settings.client_secret}


def faults(body: Json, service: Service) -> Json:
    """{rules: [...]}: these rules instead of those before; [] ends all trouble."""
    service.faults.replace([Rule.read(rule) for rule in body["rules"]])
    return {"rules": len(service.faults.rules)}


def script(body: Json, service: Service) -> Json:
    """{cues: [{before: {method, number, email}, command, body}]}: what is to happen just before certain calls, counted
    from now; these cues instead of those before."""
    if any(cue.get("command") == "script" for cue in body["cues"]):
        raise ValueError("a script starts no script")
    service.script.replace([Cue.read(cue) for cue in body["cues"]])
    return {"cues": len(service.script.cues)}


def latency(body: Json, service: Service) -> None:
    """{latency: "none" | "realistic" | seconds}."""
    service.latency = Latency.read(str(body["latency"]))


def quota(body: Json, service: Service) -> None:
    """{user, project: units per minute, style: "403" | "429" | "retry-after", concurrency}; what is missing stays."""
    service.set_quota(body.get("user"), body.get("project"), body.get("style"), body.get("concurrency"))


def push(body: Json, service: Service) -> None:
    """{endpoint, audience, account, subscription, duplicates, reordered, numbers, backoff}; what is missing stays."""
    service.push = replace(service.push, **body)


def topics(body: Json, service: Service) -> None:
    """{topics: {name: whether Gmail may publish there}}; null: every topic exists."""
    found = body["topics"]
    service.world.topics = None if found is None else {str(name): bool(open_) for name, open_ in found.items()}


def reset_stats(body: Json, service: Service) -> None:
    """{}: count anew."""
    service.stats.clear()


COMMANDS: dict[str, Callable[[Json, Service], Json | None]] = {
    "deliver": deliver,
    "labels": labels,
    "trash": trash,
    "delete": delete,
    "create-label": create_label,
    "rename-label": rename_label,
    "delete-label": delete_label,
    "expire-history": expire_history,
    "expire-tokens": expire_tokens,
    "expire-codes": expire_codes,
    "consents": consents,
    "revoke": revoke,
    "grant": grant,
    "faults": faults,
    "script": script,
    "latency": latency,
    "quota": quota,
    "push": push,
    "topics": topics,
    "reset-stats": reset_stats,
}


def _cursor(box: Mailbox) -> Json:
    return {"historyId": str(box.history.current)}


def stats(service: Service) -> Json:
    """GET /control/stats."""
    counted = service.stats
    return {
        "http": dict(counted.http),
        "requests": dict(counted.requests),
        "units": dict(counted.units),
        "statuses": {str(status): count for status, count in counted.statuses.items()},
        "gets": {email: dict(ids) for email, ids in counted.gets.items()},
        "pushes": dict(counted.pushes),
        "watches": {
            email: {"topic": watch.topic, "expires": watch.expires} for email, watch in service.world.watches.items()
        },
        "faults": [{"fault": rule.fault, "met": rule.met, "struck": rule.struck} for rule in service.faults.rules],
        "script": [{"command": cue.command, "outcome": cue.outcome} for cue in service.script.cues],
    }


def spends(service: Service) -> Json:
    """GET /control/spends: the charges of the last ten minutes, as far as they are kept."""
    return {"spends": service.quota.spends.since(service.clock() - 600)}


def mailbox(box: Mailbox, hashes: bool) -> Json:
    """GET /control/mailbox: the truth about a mailbox, newest first."""
    found = [
        {
            "id": message.id,
            "threadId": f"{message.thread:x}",
            "labelIds": sorted(message.labels),
            "internalDate": str(message.date),
            "sizeEstimate": message.size,
            "historyId": str(message.history_id),
        }
        | ({"sha256": sha256(message.origin.raw(message)).hexdigest()} if hashes else {})
        for message in list(box.newest_first())
    ]
    labels = [{"id": label.id, "name": label.name, "type": label.type} for label in box.labels.values()]
    return {"email": box.email, **_cursor(box), "labels": labels, "messages": found}
