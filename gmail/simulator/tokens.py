"""Who may use which mailbox: grants, access tokens, authorization codes."""

import math
import secrets
from base64 import urlsafe_b64encode
from collections import OrderedDict, deque
from dataclasses import dataclass
from hashlib import sha256
from typing import TypeVar

FULL = "https://mail.google.com/"
PREFIX = "https://www.googleapis.com/auth/gmail."
READONLY, MODIFY, METADATA, LABELS = PREFIX + "readonly", PREFIX + "modify", PREFIX + "metadata", PREFIX + "labels"
BUILT_IN = "sim-refresh-"
MOST = 100_000
CODE_LIFETIME = 600.0
REFRESH_TOKENS_PER_USER = 100

V = TypeVar("V")


class OAuthError(Exception):
    """An answer of the token endpoint: `code` and `description` as RFC 6749 has them."""

    def __init__(self, code: str, description: str, status: int = 400) -> None:
        super().__init__(code)
        self.code, self.description, self.status = code, description, status


@dataclass(frozen=True, slots=True)
class Access:
    """What an access token stands for; `grant` is the refresh token it came from, "" for a service account."""

    email: str
    scopes: frozenset[str]
    expires: float
    grant: str = ""


@dataclass(frozen=True, slots=True)
class Code:
    """What an authorization code stands for."""

    email: str
    scopes: frozenset[str]
    redirect_uri: str
    challenge: str
    method: str
    expires: float


@dataclass(frozen=True, slots=True)
class Grant:
    """What a user has allowed, for how long (seconds since 1970)."""

    email: str
    scopes: frozenset[str]
    expires: float = math.inf


class Tokens:
    """All that has been handed out, bounded: the oldest is dropped; times in seconds."""

    def __init__(self, accounts: tuple[str, ...], lifetime: int, grant_lifetime: int = 0) -> None:
        self.lifetime, self.grant_lifetime = lifetime, grant_lifetime
        self.lasting = True  # whether consents give refresh tokens
        self.issued: deque[str] = deque(maxlen=MOST)
        self.grants: OrderedDict[str, Grant] = OrderedDict(
            (BUILT_IN + email, Grant(email, frozenset({FULL}))) for email in accounts
        )
        self._access: OrderedDict[str, Access] = OrderedDict()
        self._codes: OrderedDict[str, Code] = OrderedDict()

    def issue(self, email: str, scopes: frozenset[str], now: float, grant: str = "") -> str:
        """A new access token."""
        token = f"ya29.sim-{secrets.token_urlsafe(32)}"
        self.issued.append(token)
        _put(self._access, token, Access(email, scopes, now + self.lifetime, grant))
        return token

    def check(self, token: str, now: float) -> Access | None:
        """What `token` allows now, None if nothing."""
        access = self._access.get(token)
        if access is None or access.expires <= now or (access.grant and not self._lives(access.grant, now)):
            return None
        return access

    def _lives(self, refresh_token: str, now: float) -> bool:
        return refresh_token in self.grants and now < self.grants[refresh_token].expires

    def refresh(self, refresh_token: str, scope: str, now: float) -> tuple[str, frozenset[str]]:
        """A new access token with its scopes. Raises OAuthError."""
        grant = self.grants.get(refresh_token)
        if grant is None or not self._lives(refresh_token, now):
            raise OAuthError("invalid_grant", "Token has been expired or revoked.")
        scopes = frozenset(scope.split()) or grant.scopes
        if not scopes <= grant.scopes and FULL not in grant.scopes:
            raise OAuthError("invalid_scope", "Some requested scopes were invalid.")
        return self.issue(grant.email, scopes, now, refresh_token), scopes

    def new_code(self, code: Code) -> str:
        """An authorization code, good once."""
        text = f"4/0sim-{secrets.token_urlsafe(24)}"
        self.issued.append(text)
        _put(self._codes, text, code)
        return text

    def expire_codes(self) -> None:
        """Every code that was not redeemed is too old now."""
        self._codes.clear()

    def left(self, refresh_token: str, now: float) -> int | None:
        """The seconds that a grant still lives, None for one without an end."""
        grant = self.grants.get(refresh_token)
        return None if grant is None or math.isinf(grant.expires) else max(int(grant.expires - now), 0)

    def redeem(self, text: str, redirect_uri: str, verifier: str, now: float) -> Code:
        """What the code stands for; it is used up even if the rest does not fit. Raises OAuthError."""
        code = self._codes.pop(text, None)
        if code is None or code.expires <= now:
            raise OAuthError("invalid_grant", "Malformed auth code.")
        if code.redirect_uri != redirect_uri:
            raise OAuthError("redirect_uri_mismatch", "Bad Request")
        if code.challenge and _challenge(verifier, code.method) != code.challenge:
            raise OAuthError("invalid_grant", "Invalid code verifier." if verifier else "Missing code verifier.")
        return code

    def grant(self, refresh_token: str, grant: Grant) -> None:
        """Remember a consent; of more than 100 for one user the oldest dies silently, as at Google."""
        self.issued.append(refresh_token)
        _put(self.grants, refresh_token, grant)
        own = [token for token, known in self.grants.items() if known.email == grant.email and not is_built_in(token)]
        if len(own) > REFRESH_TOKENS_PER_USER:
            del self.grants[own[0]]

    def owner(self, token: str) -> str | None:
        """The refresh token behind a refresh or access token."""
        if token in self.grants:
            return token
        access = self._access.get(token)
        return access.grant if access is not None and access.grant in self.grants else None

    def expire_access(self, email: str) -> None:
        """All access tokens of a user end now; the grants stay."""
        for token in [token for token, access in self._access.items() if access.email == email]:
            del self._access[token]


def is_built_in(refresh_token: str) -> bool:
    """Whether the token was good from the start."""
    return refresh_token.startswith(BUILT_IN)


def new_refresh_token() -> str:
    """Fresh, in the form of Google's."""
    return f"1//0sim-{secrets.token_urlsafe(32)}"


def _challenge(verifier: str, method: str) -> str:
    if method == "plain":
        return verifier
    return urlsafe_b64encode(sha256(verifier.encode()).digest()).decode().rstrip("=")


def _put(store: OrderedDict[str, V], key: str, value: V) -> None:
    store[key] = value
    if len(store) > MOST:
        store.popitem(last=False)
