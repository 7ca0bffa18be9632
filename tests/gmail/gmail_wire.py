"""Write the answers of Gmail that the tests script."""

import base64
import json
import re
from typing import Any

from google.oauth2.credentials import Credentials

from tests.gmail.wire import Asked, Reply

TOKEN_ANSWER = Reply(body=b'{"access_token": "fresh", "expires_in": 3599, "token_type": "Bearer"}')


def credentials(url: str, token: str | None = "stale") -> Credentials:
    return Credentials(
        token=token, refresh_token="refresh", token_uri=f"{url}/token", client_id="id", client_secret="secret"
    )


def message(id: str, raw: bytes = b"Subject: x\r\n\r\nhi\r\n") -> dict[str, Any]:
    return {
        "id": id,
        "threadId": id,
        "historyId": "7",
        "internalDate": "1700000000000",
        "sizeEstimate": len(raw),
        "snippet": "hi",
        "raw": base64.urlsafe_b64encode(raw).decode(),
    }


def thread(id: str, *ids: str) -> dict[str, Any]:
    """The answer of threads.get in format full."""
    return {"id": id, "historyId": "9", "messages": [full(each) | {"threadId": id} for each in ids]}


def full(id: str, text: bytes = b"hi") -> dict[str, Any]:
    """The answer of messages.get in format full."""
    data = base64.urlsafe_b64encode(text).decode()
    body = {"size": len(text), "data": data}
    shown = {key: value for key, value in message(id).items() if key != "raw"}
    return shown | {"payload": {"partId": "", "mimeType": "text/plain", "headers": [], "body": body}}


def refusal(code: int, reason: str = "backendError", text: str = "") -> dict[str, Any]:
    return {"error": {"code": code, "message": text, "errors": [{"reason": reason, "domain": "global"}]}}


LIMITED = refusal(429, "rateLimitExceeded", "Too many concurrent requests for user.")


def answer(body: dict[str, Any]) -> Reply:
    return Reply(status=body.get("error", {}).get("code", 200), body=json.dumps(body).encode())


def asked_ids(asked: Asked) -> dict[str, str]:
    """The message or thread id of each part of a batch, by its Content-ID."""
    parts = re.findall(rb"Content-ID: <(.+?)>.*?/(?:messages|threads)/(\w+)\?", asked.body, re.S)
    return {content_id.decode(): id_.decode() for content_id, id_ in parts}


def batch(parts: dict[str, dict[str, Any] | bytes], end: str = "\r\n") -> Reply:
    """A batch answer: JSON or raw bytes by Content-ID."""
    lines = []
    for content_id, body in parts.items():
        status = body.get("error", {}).get("code", 200) if isinstance(body, dict) else 200
        text = body if isinstance(body, bytes) else json.dumps(body, indent=2).encode()
        head = ("--batch_x", "Content-Type: application/http", f"Content-ID: <response-{content_id}>", "")
        head += (f"HTTP/1.1 {status} Said", "Content-Type: application/json; charset=UTF-8", "", "")
        lines.append(end.join(head).encode() + text + end.encode())
    lines.append(f"--batch_x--{end}".encode())
    return Reply(body=b"".join(lines), headers={"Content-Type": "multipart/mixed; boundary=batch_x"})
