"""Bound how often a browser may have letters sent."""

from hashlib import sha256

from django.conf import settings
from django.http import HttpRequest
from limits import parse

from mailsync.api.throttles import seconds_to_wait


def too_often(request: HttpRequest, what: str, address: str) -> bool:
    """Whether this was asked too often from one place, or for one address (which Redis keeps as a hash only)."""
    places = parse(settings.LETTERS_PER_PLACE), f"{what}:from", request.META.get("REMOTE_ADDR", "")
    addresses = parse(settings.LETTERS_PER_ADDRESS), f"{what}:to", sha256(address.encode()).hexdigest()
    return any(seconds_to_wait(limit, *whose) is not None for limit, *whose in (places, addresses))
