"""Let a POST that is sent again under the same Idempotency-Key start nothing again.

The header is that of draft-ietf-httpapi-idempotency-key-header, and of most payment APIs.
"""

import hashlib
import json
import re
from collections.abc import Callable
from functools import wraps
from typing import Any

from drf_spectacular.utils import OpenApiParameter
from rest_framework.exceptions import APIException, ValidationError
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from syncjobs import keys

HEADER = "Idempotency-Key"
REPLAYED = "Idempotency-Replayed"
VALID = re.compile(r"[ -~]{1,255}")

IDEMPOTENCY_KEY = OpenApiParameter(
    HEADER,
    {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[ -~]+$"},
    OpenApiParameter.HEADER,
    description="Any text of your own, new for each start. Sent again with the same key within 24 hours, the request starts "
    f"nothing and is answered as the first time, with `{REPLAYED}: true`.",
)

Post = Callable[..., Response]


class InProgress(APIException):
    """The first request with this key is still being answered."""

    status_code = 409
    default_detail = "The first request with this key is still being answered; ask again in a moment."
    default_code = "in_progress"
    wait = 1  # seconds


class KeyReused(APIException):
    """The key belongs to another request."""

    status_code = 422
    default_detail = "This key was used for another request; take a new one."
    default_code = "idempotency_key_reused"


def idempotent(post: Post) -> Post:
    """A view's `post` that honours the header. Only a 2xx is kept: after an error the same key may be tried again.

    Not one transaction with the start: a crash between start and answer leaves a claim that is taken over after a minute,
    and the start, asked for again, adopts the job.
    """

    @wraps(post)
    def once(view: APIView, request: Request, *args: Any, **named: Any) -> Response:
        key, owner_id = request.headers.get(HEADER), request.user.pk
        if key is None or owner_id is None:
            return post(view, request, *args, **named)
        row = _claimed(request, owner_id, key)
        if row.status is not None:
            return Response(json.loads(row.body), status=row.status, headers={REPLAYED: "true"})
        try:
            response = post(view, request, *args, **named)
        except BaseException:
            keys.release(row)
            raise
        if 200 <= response.status_code < 300:
            keys.answer(row, response.status_code, JSONRenderer().render(response.data).decode())
        else:
            keys.release(row)
        return response

    return once


def fingerprint(request: Request) -> str:
    """What makes a request the same: method, path, query, body."""
    line = f"{request.method} {request.get_full_path()}\n".encode()
    return hashlib.sha256(line + request.body).hexdigest()


def _claimed(request: Request, owner_id: int, key: str) -> keys.IdempotencyKey:
    if not VALID.fullmatch(key):
        raise ValidationError({HEADER: ["1 to 255 printable ASCII characters."]})
    try:
        return keys.claim(owner_id, key, fingerprint(request))
    except keys.OtherRequest:
        raise KeyReused from None
    except keys.StillAnswering:
        raise InProgress from None
