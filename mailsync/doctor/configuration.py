"""Check what was written into the environment: secrets, addresses."""

import ipaddress
from collections.abc import Iterator
from urllib.parse import urlsplit

from django.conf import settings
from django.http.request import validate_host

from mailsync.doctor.registry import Finding, bad, note, ok

SHORTEST_SECRET = 40  # characters
CALLBACK = "/connect/callback/"


def secrets() -> Iterator[Finding]:
    """SECRET_KEY signs sessions and links."""
    if len(settings.SECRET_KEY) < SHORTEST_SECRET or "insecure" in settings.SECRET_KEY:
        yield bad(
            "SECRET_KEY is short enough to be guessed.",
            "Set it to what `python -c 'import secrets; print(secrets.token_urlsafe(50))'` prints; all sign in again.",
        )
    elif settings.DEVELOPMENT and not is_local(settings.PUBLIC_URL):
        yield bad(
            f"DEBUG is on at {settings.PUBLIC_URL}: error pages show settings and code to strangers.",
            "Set DEBUG=false, then SECRET_KEY and TOKEN_ENCRYPTION_KEYS of your own.",
        )
    else:
        yield ok("Secrets are set, error pages show nothing.")


def address() -> Iterator[Finding]:
    """PUBLIC_URL is what people type and what Google sends them back to."""
    host = urlsplit(settings.PUBLIC_URL).hostname or ""
    if not validate_host(host, settings.ALLOWED_HOSTS):
        yield bad(
            f"ALLOWED_HOSTS does not name {host}, the host of PUBLIC_URL: every page there answers 400.",
            f"Add {host} to ALLOWED_HOSTS.",
        )
    elif not settings.PUBLIC_URL.startswith("https://") and not is_local(settings.PUBLIC_URL):
        yield bad(
            f"PUBLIC_URL is {settings.PUBLIC_URL}: passwords and sessions cross the network unencrypted.",
            "Put a proxy with TLS before the web process, set BEHIND_PROXY=true and PUBLIC_URL=https://...",
        )
    else:
        yield ok(f"People reach this installation at {settings.PUBLIC_URL}.")


def redirect() -> Iterator[Finding]:
    """Where Google sends people after their consent: it has rules for such addresses."""
    uri = settings.PUBLIC_URL + CALLBACK
    if settings.GOOGLE_BASE_URL:
        yield ok(f"Consent comes back to {uri}; a simulator asks no more.")
    elif not uri.startswith("https://") and not is_local(uri):
        yield bad(
            f"Google sends nobody back to {uri}: but for localhost it insists on https.",
            "Set PUBLIC_URL to an https address.",
        )
    elif _is_bare_ip(uri) and not is_local(uri):
        yield bad(
            f"Google sends nobody back to {uri}: it wants a name, not a number.", "Set PUBLIC_URL to a host name."
        )
    else:
        yield note(f"Consent comes back to {uri}.", "The OAuth client in Google's console must list exactly this.")


def is_local(url: str) -> bool:
    """Whether only this machine can reach an address."""
    host = urlsplit(url).hostname or ""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")


def is_private(url: str) -> bool:
    """Whether Google can surely not reach an address."""
    host = urlsplit(url).hostname or ""
    try:
        return not ipaddress.ip_address(host).is_global
    except ValueError:
        return "." not in host or host.endswith((".local", ".localhost", ".internal", ".lan"))


def _is_bare_ip(url: str) -> bool:
    try:
        ipaddress.ip_address(urlsplit(url).hostname or "")
    except ValueError:
        return False
    return True
