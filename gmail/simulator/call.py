"""One request to the API, seen apart from the connection it came on."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlsplit

import orjson

from gmail.simulator import refusals
from gmail.simulator.mailbox import Mailbox
from gmail.simulator.tokens import Access
from gmail.simulator.world import World


@dataclass(frozen=True, slots=True)
class Call:
    """Verb, path, query and body of a request; `token` is the bearer's."""

    verb: str
    path: str
    query: Mapping[str, list[str]]
    body: bytes = b""
    token: str = field(default="", repr=False)

    @classmethod
    def parse(cls, verb: str, target: str, headers: Mapping[str, str], body: bytes) -> "Call":
        """From a request line and headers with lower-case names; a long GET may come as an overriding POST."""
        parts = urlsplit(target)
        if headers.get("x-http-method-override", "").upper() == "GET" and verb == "POST":
            verb, query = "GET", body.decode("ascii", "replace")
        else:
            query = parts.query
        bearer = headers.get("authorization", "").split()
        values = parse_qs(query, keep_blank_values=True)
        token = bearer[1] if len(bearer) == 2 and bearer[0].lower() == "bearer" else values.get("access_token", [""])[0]
        return cls(verb, parts.path, values, body, token)

    def first(self, name: str) -> str | None:
        """The value of a query parameter, None when it is missing or empty."""
        return self.query.get(name, [""])[0] or None

    def flag(self, name: str) -> bool:
        """A boolean query parameter."""
        return self.first(name) in ("true", "True", "1")

    def json(self) -> dict[str, Any]:
        """The body as an object. Raises Refusal."""
        try:
            value = orjson.loads(self.body or b"{}")
        except orjson.JSONDecodeError:
            value = None
        if not isinstance(value, dict):
            raise refusals.invalid("Invalid JSON payload received.")
        return value


@dataclass(frozen=True, slots=True)
class Visit:
    """A call that has been let in: whose mailbox, with which rights, at which time (seconds since 1970);
    `fault` spoils the content of its answer."""

    call: Call
    method: str
    variables: tuple[str, ...]
    access: Access
    box: Mailbox
    world: World
    now: float
    fault: str = ""

    def change(self, op: str, **details: object) -> Any:
        """Change the visited mailbox."""
        return self.world.perform(op, self.now, email=self.box.email, **details)
