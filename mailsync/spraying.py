"""Notice when many wrong passwords come from one place, whatever names they are tried for.

django-axes counts by name and address, which somebody who tries one password for a thousand names never exceeds. A whole office
may share an address, though: so who has signed in from there before goes on to be let in.
"""

import ipaddress

from django.conf import settings
from django.http import HttpRequest
from limits import RateLimitItemPerSecond

from mailsync import audit
from mailsync.api.throttles import seconds_to_wait
from mailsync.models import AuditEvent
from syncjobs.clock import in_

TIMES = 10  # as many wrong passwords from a place as are borne for ten names
REMEMBERED = 50  # of the last times that somebody signed in


def note(request: HttpRequest) -> None:
    """One more from where the request comes; the first that is too much is written down."""
    if (here := _place(audit.address_of(request))) and seconds_to_wait(_limit(), "wrong", here) is not None:
        told = AuditEvent.objects.filter(action="sign_in_locked", actor="", address=audit.address_of(request))
        if not told.filter(at__gt=in_(-settings.AXES_COOLOFF_TIME)).exists():
            audit.record("sign_in_locked", request=request)


def shut_for(request: HttpRequest, name: str) -> int | None:
    """Seconds until anybody may try this name from there again; None where that is now."""
    here = _place(audit.address_of(request))
    seconds = seconds_to_wait(_limit(), "wrong", here, counting=False) if here else None
    return None if seconds is None or _is_known(name, here) else seconds


def _limit() -> RateLimitItemPerSecond:
    return RateLimitItemPerSecond(TIMES * settings.AXES_FAILURE_LIMIT, int(settings.AXES_COOLOFF_TIME.total_seconds()))


def _is_known(name: str, here: str) -> bool:
    entries = AuditEvent.objects.filter(action="signed_in", actor=name[:150].replace("\x00", "")).order_by("-id")
    return here in {_place(address) for address in entries.values_list("address", flat=True)[:REMEMBERED]}


def _place(address: str | None) -> str:
    """An address; of IPv6 the network, of which a single customer has all."""
    if not address:
        return ""
    length = 64 if ":" in address else 32
    return str(ipaddress.ip_network((address, length), strict=False))
