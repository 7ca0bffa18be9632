"""The token, revocation and consent endpoints, apart from HTTP."""

from base64 import b64decode
from collections.abc import Mapping
from urllib.parse import unquote_plus

from gmail.simulator import tokens
from gmail.simulator.signing import Signer, SigningError
from gmail.simulator.tokens import Code, OAuthError
from gmail.simulator.world import World

GOOGLE_AUDIENCE = "https://oauth2.googleapis.com/token"
JWT_BEARER = "urn:ietf:params:oauth:grant-type:jwt-bearer"
Form = Mapping[str, str]
Json = dict[str, object]


def token(form: Form, authorization: str, world: World, signer: Signer, now: float) -> Json:
    """POST /token: authorization_code, refresh_token or jwt-bearer. Raises OAuthError."""
    kind = form.get("grant_type", "")
    if kind == JWT_BEARER:
        return _delegated(form, world, signer, now)
    _check_client(form, authorization, world)
    if kind == "refresh_token":
        access, scopes = world.tokens.refresh(form.get("refresh_token", ""), form.get("scope", ""), now)
        return _answer(access, scopes, world) | _end(form.get("refresh_token", ""), world, now)
    if kind == "authorization_code":
        return _exchanged(form, world, now)
    raise OAuthError("unsupported_grant_type", f"Invalid grant_type: {kind[:100]}")


def _check_client(form: Form, authorization: str, world: World) -> None:
    """The client's id and secret, by HTTP Basic or in the body."""
    id, secret = form.get("client_id", ""), form.get("client_secret", "")
    if authorization.lower().startswith("basic "):
        try:
            id, _, secret = b64decode(authorization[6:]).decode("utf-8").partition(":")
        except ValueError:
            raise OAuthError("invalid_request", "Could not parse Authorization header.") from None
        id, secret = unquote_plus(id), unquote_plus(secret)
    if id != world.settings.client_id:
        raise OAuthError("invalid_client", "The OAuth client was not found.", 401)
    if secret != world.settings.client_secret:
        raise OAuthError("invalid_client", "Unauthorized", 401)


def _exchanged(form: Form, world: World, now: float) -> Json:
    code = world.tokens.redeem(form.get("code", ""), form.get("redirect_uri", ""), form.get("code_verifier", ""), now)
    if not world.tokens.lasting:
        return _answer(world.tokens.issue(code.email, code.scopes, now), code.scopes, world)
    refresh, life = tokens.new_refresh_token(), world.tokens.grant_lifetime
    ends = {"expires": now + life} if life else {}
    world.perform("grant", now, email=code.email, token=refresh, scopes=sorted(code.scopes), **ends)
    access = world.tokens.issue(code.email, code.scopes, now, refresh)
    return _answer(access, code.scopes, world) | {"refresh_token": refresh} | _end(refresh, world, now)


def _end(refresh: str, world: World, now: float) -> Json:
    """What Google adds where a grant has an end."""
    left = world.tokens.left(refresh, now)
    return {} if left is None else {"refresh_token_expires_in": left}


def _delegated(form: Form, world: World, signer: Signer, now: float) -> Json:
    """A service account with domain-wide delegation; its audience may be Google's own address."""
    try:
        claims = signer.verify(form.get("assertion", ""))
    except SigningError as error:
        raise OAuthError("invalid_grant", f"Invalid JWT: {error}") from None
    audience = str(claims.get("aud", ""))
    if audience != GOOGLE_AUDIENCE and not audience.endswith("/token"):
        raise OAuthError("invalid_grant", "Invalid JWT: Failed audience check.")
    if not float(str(claims.get("iat", 0))) - 300 <= now < float(str(claims.get("exp", 0))):
        raise OAuthError("invalid_grant", "Invalid JWT: Token must be a short-lived token.")
    subject = str(claims.get("sub") or "")
    if subject not in world.settings.accounts:
        raise OAuthError(
            "unauthorized_client", "Client is unauthorized to retrieve access tokens using this method.", 401
        )
    scopes = frozenset(str(claims.get("scope", "")).split())
    return _answer(world.tokens.issue(subject, scopes, now), scopes, world)


def _answer(access: str, scopes: frozenset[str], world: World) -> Json:
    return {
        "access_token": access,
        "expires_in": world.tokens.lifetime,
        "scope": " ".join(sorted(scopes)),
        "token_type": "Bearer",
    }


def revoke(text: str, world: World, now: float) -> None:
    """POST /revoke: either token of a grant ends it. Raises OAuthError."""
    refresh = world.tokens.owner(text)
    if refresh is None:
        raise OAuthError("invalid_token", "Token expired or revoked")
    world.perform("revoke", now, email=world.tokens.grants[refresh].email, token=refresh)


def check_request(query: Form, world: World) -> None:
    """Whether a consent page may be shown for an authorization request. Raises OAuthError."""
    if query.get("client_id") != world.settings.client_id:
        raise OAuthError("invalid_client", "The OAuth client was not found.", 401)
    if not query.get("redirect_uri", "").startswith(("http://", "https://")):
        raise OAuthError("redirect_uri_mismatch", "The redirect URI must be an http or https address.")
    if query.get("response_type") != "code":
        raise OAuthError("unsupported_response_type", "Only response_type=code is supported.")
    if not query.get("scope", "").split():
        raise OAuthError("invalid_scope", "Missing required parameter: scope")
    if query.get("code_challenge_method", "S256") not in ("S256", "plain"):
        raise OAuthError("invalid_request", "code_challenge_method must be S256 or plain.")


def consent(query: Form, email: str, scopes: frozenset[str], world: World, now: float) -> str:
    """A code for what a user has allowed. Raises OAuthError."""
    if email not in world.settings.accounts:
        raise OAuthError("invalid_request", "No such account.")
    challenge, method = query.get("code_challenge", ""), query.get("code_challenge_method", "plain")
    expires = now + tokens.CODE_LIFETIME
    return world.tokens.new_code(Code(email, scopes, query["redirect_uri"], challenge, method, expires))
