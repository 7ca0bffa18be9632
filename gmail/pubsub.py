"""Receive the notifications that Pub/Sub pushes: check who sent one, read what it says.

Verification follows https://docs.cloud.google.com/pubsub/docs/authenticate-push-subscriptions; delivery is
at-least-once, unordered and lossy, so a notification is a hint only.
"""

import base64
import hmac
import threading
import time
from collections.abc import Callable, Mapping
from typing import Any

import orjson
import requests
from google.auth import exceptions, jwt

from gmail import failures
from gmail.errors import Refused, Transient

GOOGLE_CERTS = "https://www.googleapis.com/oauth2/v1/certs"
ISSUERS = frozenset({"accounts.google.com", "https://accounts.google.com"})
CERTS_TIMEOUT = 3.0
CERTS_LIFE = 3600.0  # seconds
CERTS_REST = 60.0  # an unknown key id, which anybody may invent, makes us ask again this often at most
FAILURE_REST = 10.0  # the same while Google does not answer
STALE_LIFE = 86_400.0  # and so long old certificates are good then: Google publishes new ones well before it uses them
CLOCK_SKEW = 10  # seconds
LONGEST_TOKEN = 8192


class Certificates:
    """Google's signing certificates by key id, fetched when they are old or lack a key; safe to share among threads."""

    def __init__(self, url: str, clock: Callable[[], float] = time.monotonic) -> None:
        self._url, self._clock = url, clock
        self._certs: dict[str, str] = {}
        self._fetched = self._rest_until = float("-inf")
        self._failed = False
        self._lock = threading.Lock()

    def holding(self, key_id: str) -> Mapping[str, str]:
        """The certificates, fresh enough to hold `key_id` if Google has it; raises Transient.

        One thread fetches; who has what it needs does not wait for it.
        """
        if self._is_due(key_id):
            usable = key_id in self._certs and self._age() < STALE_LIFE
            if self._lock.acquire(blocking=not usable, timeout=-1 if usable else 2 * CERTS_TIMEOUT):
                try:
                    if self._is_due(key_id):  # nobody fetched them while we waited
                        self._fetch()
                finally:
                    self._lock.release()
        if self._age() > STALE_LIFE or (self._failed and key_id not in self._certs):
            raise Transient("Google's certificates are out of reach")
        return self._certs

    def _age(self) -> float:
        return self._clock() - self._fetched

    def _is_due(self, key_id: str) -> bool:
        return self._clock() >= self._rest_until and (self._age() > CERTS_LIFE or key_id not in self._certs)

    def _fetch(self) -> None:
        try:
            self._certs = _download(self._url)
        except Transient:
            self._failed, self._rest_until = True, self._clock() + FAILURE_REST
        else:
            self._failed, self._fetched = False, self._clock()
            self._rest_until = self._fetched + CERTS_REST


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
    """Accept the bearer token of a push, or raise Refused or Transient.

    `reason` is "token", "issuer", "audience", "service_account", "time" or "signature". What a token says of itself is
    looked at first: only one that might be Google's is worth certificates. `base_url` "" takes those of the real Google.
    """
    if not service_account:
        raise Refused("No service account is expected to push", reason="unconfigured")
    _plausible(_claims(token), audience, service_account, time.time())
    url = base_url.rstrip("/") + "/oauth2/v1/certs" if base_url else GOOGLE_CERTS
    certs = _certificates.setdefault(url, Certificates(url)).holding(str(jwt.decode_header(token).get("kid", "")))
    try:
        jwt.decode(token, certs=certs, audience=audience, clock_skew_in_seconds=CLOCK_SKEW)
    except (ValueError, TypeError, exceptions.GoogleAuthError):
        raise Refused("The push token is not signed by Google", status=401, reason="signature") from None


def _claims(token: str) -> Mapping[str, Any]:
    """What a token says, unproven."""
    if len(token) > LONGEST_TOKEN:
        raise Refused("The push token is too long", status=401, reason="token")
    try:
        claims = jwt.decode(token, verify=False)
        jwt.decode_header(token).get("kid")
    except (ValueError, TypeError, AttributeError, exceptions.GoogleAuthError):
        raise Refused("The push token is no JWT", status=401, reason="token") from None
    if not isinstance(claims, dict):
        raise Refused("The push token is no JWT", status=401, reason="token")
    return claims


def _plausible(claims: Mapping[str, Any], audience: str, service_account: str, now: float) -> None:
    """Raises Refused for what would not be believed even if Google had signed it."""
    if claims.get("iss") not in ISSUERS:
        raise Refused("The push token is not Google's", status=401, reason="issuer")
    if claims.get("aud") != audience:
        raise Refused("The push token is meant for another address", status=401, reason="audience")
    email = str(claims.get("email", ""))
    if claims.get("email_verified") is not True or not hmac.compare_digest(email.encode(), service_account.encode()):
        raise Refused("The push token belongs to somebody else", status=401, reason="service_account")
    begin, end = claims.get("iat"), claims.get("exp")
    if not isinstance(begin, int | float) or not isinstance(end, int | float):
        raise Refused("The push token has no beginning or no end", status=401, reason="time")
    if not begin - CLOCK_SKEW <= now <= end + CLOCK_SKEW:
        raise Refused("The push token is not of this time", status=401, reason="time")


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
