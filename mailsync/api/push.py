"""Where Pub/Sub delivers Gmail's notifications.

An answer other than a success makes Pub/Sub deliver again, with growing pauses, until the subscription gives up.
"""

from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, JsonResponse
from django.views.decorators.csrf import csrf_exempt

from gmail.errors import Refused, Transient
from mailsync import push
from mailsync.api import bounded
from mailsync.api.errors import shape
from mailsync.push_counts import ACCEPTED, FORGED, MALFORMED, UNVERIFIABLE, counts

LONGEST_BODY = bounded.LONGEST_BODY


@csrf_exempt
def gmail(request: HttpRequest) -> HttpResponse:
    """204 once every mirror of the mailbox is told; 403 for whoever is not the expected sender."""
    if not push.is_configured():
        return _error(404, "push_not_configured", "This installation expects no pushes.")
    if request.method != "POST":  # so the doctor may ask whether the door is there without being counted
        return HttpResponseNotAllowed(["POST"])
    try:
        push.authenticate(request.headers.get("Authorization", ""))
    except Refused as refusal:
        counts.add(FORGED + refusal.reason)
        return _error(403, "forged", str(refusal))
    except Transient as trouble:
        counts.add(UNVERIFIABLE)
        return _error(503, "keys_unavailable", str(trouble))
    return _receive(request.read(LONGEST_BODY + 1), getattr(request, "scope", {}).get(bounded.ARRIVED))


def _receive(body: bytes, arrived: float | None) -> HttpResponse:
    if len(body) > LONGEST_BODY:
        return _error(413, "too_large", "This is longer than any notification.")
    try:
        push.receive(body, arrived)
    except Refused as refusal:
        counts.add(MALFORMED)
        return _error(400, "malformed", str(refusal))
    except TimeoutError:
        return _error(503, "busy", "Too many notifications about this mailbox at once.")
    counts.add(ACCEPTED)
    return HttpResponse(status=204)


def _error(status: int, code: str, message: str) -> JsonResponse:
    return JsonResponse(shape(code, message), status=status)
