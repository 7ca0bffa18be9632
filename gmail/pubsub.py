"""Receive the notifications that Pub/Sub pushes: check who sent one, read what it says.

Verification follows https://docs.cloud.google.com/pubsub/docs/authenticate-push-subscriptions; delivery is
at-least-once, unordered and lossy, so a notification is a hint only.
"""

import base64
import hmac
import threading
import time
from collections.abc import Mapping
from typing import Any

import orjson
import requests
from google.auth import exceptions, jwt

from gmail import failures
from gmail.errors import Refused, Transient

GOOGLE_CERTS = "https://www.googleapis.com/oauth2/v1/certs"
ISSUERS = frozenset({"accounts.google.com", "https://accounts.google.com"})
CERTS_TIMEOUT = 10.0
CERTS_LIFE = 3600.0  # seconds
CERTS_REST = 60.0  # an unknown key id, which anybody may invent, makes us ask again this often at most
CLOCK_SKEW = 10  # seconds
LONGEST_TOKEN = 8192


class Certificates:
    """Google's signing certificates by key id, fetched when they are old or lack a key."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._certs: dict[str, str] = {}
        self._fetched = float("-inf")
        self._lock = threading.Lock()

    def holding(self, key_id: str) -> Mapping[str, str]:
        """The certificates, fresh enough to hold `key_id` if Google has it; raises Transient."""
        with self._lock:
            age = time.monotonic() - self._fetched
            if age > CERTS_LIFE or (key_id not in self._certs and age > CERTS_REST):
                self._certs, self._fetched = _download(self._url), time.monotonic()
            return self._certs


def _download(url: str) -> dict[str, str]:
    try:
        answer = requests.get(url, timeout=CERTS_TIMEOUT, allow_redirects=False)
        answer.raise_for_status()
        certs = answer.json()
    except failures.LIBRARY_FAILURES as error:
        raise Transient("Google's certificates are out of reach") from error
    if not isinstance(certs, dict):
        raise Transient("Google's certificates are unreadable")
    return {str(key): str(value) for key, value in certs.items()}


_certificates: dict[str, Certificates] = {}


def verify(token: str, *, audience: str, service_account: str, base_url: str = "") -> None:
    """Accept the bearer token of a push, or raise Refused (`reason` says what is wrong) or Transient.

    `base_url` "" takes the certificates from the real Google.
    """
    if not service_account:
        raise Refused("No service account is expected to push", reason="unconfigured")
    url = base_url.rstrip("/") + "/oauth2/v1/certs" if base_url else GOOGLE_CERTS
    certs = _certificates.setdefault(url, Certificates(url)).holding(_key_id(token))
    try:
        claims = jwt.decode(token, certs=certs, audience=audience, clock_skew_in_seconds=CLOCK_SKEW)
    except (ValueError, TypeError, exceptions.GoogleAuthError):
        raise Refused("The push token is not valid", status=401, reason="token") from None
    if claims.get("iss") not in ISSUERS:
        raise Refused("The push token is not Google's", status=401, reason="issuer")
    email = str(claims.get("email", ""))
    if claims.get("email_verified") is not True or not hmac.compare_digest(email.encode(), service_account.encode()):
        raise Refused("The push token belongs to somebody else", status=401, reason="service_account")


def _key_id(token: str) -> str:
    if len(token) > LONGEST_TOKEN:
        raise Refused("The push token is too long", status=401, reason="token")
    try:
        return str(jwt.decode_header(token).get("kid", ""))
    except (ValueError, TypeError, AttributeError, exceptions.GoogleAuthError):
        raise Refused("The push token is no JWT", status=401, reason="token") from None


def decode(body: bytes | Mapping[str, Any]) -> tuple[str, int]:
    """The mailbox and history id that a push names; raises Refused when it names none."""
    try:
        envelope: Any = orjson.loads(body) if isinstance(body, bytes) else body
        data = envelope["message"]["data"].translate(str.maketrans("-_", "+/"))
        said = orjson.loads(base64.b64decode(data + "=" * (-len(data) % 4)))
        email, history_id = said["emailAddress"], int(said["historyId"])
    except (ValueError, KeyError, TypeError, AttributeError):
        raise Refused("This is no notification of Gmail", status=400, reason="push_body") from None
    if not isinstance(email, str) or not email or not 0 <= history_id < 2**63:
        raise Refused("This notification names no mailbox", status=400, reason="push_body")
    return email, history_id
