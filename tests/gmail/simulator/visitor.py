"""A plain HTTP client for the tests of the simulator."""

import json
import socket
import subprocess
import urllib.error
import urllib.parse
import urllib.request
from dataclasses import dataclass, field
from typing import Any

from gmail.simulator.call import Call
from gmail.simulator.service import Service
from gmail.simulator.tokens import FULL

NOW = 1_795_000_000.0


@dataclass
class Answer:
    """An HTTP answer."""

    status: int
    headers: dict[str, str]
    body: bytes

    def json(self) -> Any:
        return json.loads(self.body)


@dataclass
class Visitor:
    """Talks to the simulator at `base`."""

    base: str
    process: "subprocess.Popen[str]"
    email: str = "a@example.com"
    other: str = "b@example.com"
    tokens: dict[str, str] = field(default_factory=dict)

    def send(self, verb: str, path: str, body: bytes | None = None, **headers: str) -> Answer:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        request = urllib.request.Request(self.base + path, body, named, method=verb)
        try:
            with urllib.request.urlopen(request, timeout=20) as answer:
                return Answer(answer.status, dict(answer.headers), answer.read())
        except urllib.error.HTTPError as error:
            with error:
                return Answer(error.code, dict(error.headers), error.read())

    def form(self, path: str, **values: str) -> Answer:
        return self.send("POST", path, urllib.parse.urlencode(values).encode())

    def token(self, email: str = "", **more: str) -> str:
        email = email or self.email
        key = email + str(more)
        if key not in self.tokens:
            client = {"client_id": "simulator", "client_secret": "simulator"}
            wanted = {"grant_type": "refresh_token", "refresh_token": f"sim-refresh-{email}"}
            self.tokens[key] = self.form("/token", **(client | wanted | more)).json()["access_token"]
        return self.tokens[key]

    def get(self, path: str, email: str = "", **more: str) -> Answer:
        return self.send("GET", f"/gmail/v1/users/me/{path}", Authorization=f"Bearer {self.token(email, **more)}")

    def post(self, path: str, body: Any, email: str = "") -> Answer:
        bearer = f"Bearer {self.token(email)}"
        return self.send("POST", f"/gmail/v1/users/me/{path}", json.dumps(body).encode(), Authorization=bearer)

    def control(self, command: str, **body: Any) -> Any:
        answer = self.send("POST", f"/control/{command}", json.dumps(body).encode())
        assert answer.status == 200, answer.body
        return answer.json()

    def truth(self, email: str = "", hashes: int = 1) -> Any:
        return self.send("GET", f"/control/mailbox?email={email or self.email}&hashes={hashes}").json()

    def ids(self, query: str = "includeSpamTrash=true&maxResults=500", email: str = "") -> list[str]:
        found, token = [], ""
        while True:
            page = self.get(f"messages?{query}" + (f"&pageToken={token}" if token else ""), email).json()
            found += [message["id"] for message in page.get("messages", ())]
            token = page.get("nextPageToken", "")
            if not token:
                return found


def ask(service: Service, path: str, *, verb: str = "GET", body: Any = None, scope: str = FULL) -> tuple[int, Any]:
    """A call without HTTP: status and JSON."""
    token = service.world.tokens.issue("a@example.com", frozenset(scope.split()), service.clock())
    content = b"" if body is None else json.dumps(body).encode()
    call = Call.parse(verb, f"/gmail/v1/users/me/{path}", {"authorization": f"Bearer {token}"}, content)
    reply = service.finish(service.begin(call))
    return reply.status, json.loads(reply.body or b"{}")


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port: int = server.getsockname()[1]
        return port
