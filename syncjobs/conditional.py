"""Answer a GET with 304 when its reader already has what it would show."""

import hashlib
import json
from collections.abc import Callable
from typing import Any

from django.http import HttpResponseBase
from django.utils.cache import get_conditional_response, patch_vary_headers
from django.utils.translation import get_language
from rest_framework.request import Request
from rest_framework.response import Response


def unless_known(request: Request, made_of: Any, body: Callable[[], Any]) -> HttpResponseBase:
    """200 with `body()`, or 304 without having called it (RFC 9110, 13.1.2).

    `made_of` is plain data that the body is a function of, together with the active language.
    """
    etag = etag_of(made_of)
    response = get_conditional_response(request._request, etag=etag) or Response(body())
    response.headers["ETag"] = etag
    response.headers["Cache-Control"] = "private, no-cache"  # kept by its reader alone, and asked for each time
    patch_vary_headers(response, ["Accept-Language", "Authorization", "Cookie"])
    return response


def etag_of(made_of: Any) -> str:
    """A weak validator: the same facts, though perhaps other bytes (`Accept: application/json; indent=2`, compression)."""
    facts = json.dumps([get_language(), made_of], sort_keys=True)
    return f'W/"{hashlib.sha256(facts.encode("utf-8", "surrogatepass")).hexdigest()[:32]}"'
