"""Attachments over HTTP, whole or in part."""

import re
from urllib.parse import quote

from django.http import HttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.views import APIView

from gmail.mime import attachment_bytes
from mailsync.api.errors import ApiError
from mailsync.api.messages import AnyAccept, exact_bytes, one
from mailsync.api.sync import ACCOUNT

MIME_TYPE = re.compile(r"[\w.+-]{1,80}/[\w.+-]{1,80}")
RANGE = re.compile(r"bytes=(\d{0,18})-(\d{0,18})")
UNTYPED = "application/octet-stream"


class Attachment(APIView):
    """A file on a mail."""

    content_negotiation_class = AnyAccept

    @extend_schema(
        operation_id="messages_attachment",
        parameters=[ACCOUNT],
        responses={(200, "*/*"): OpenApiTypes.BINARY, (206, "*/*"): OpenApiTypes.BINARY},
    )
    def get(self, request: Request, gmail_id: str, part_id: str) -> HttpResponse:
        """Its decoded bytes, always as a download: a mail's file is never shown as a page of ours."""
        message = one(request, gmail_id)
        known = next((each for each in message.attachments if each["part_id"] == part_id), None)
        content = attachment_bytes(exact_bytes(message), part_id) if known else None
        if known is None or content is None:
            raise ApiError(404, "not_found", "There is no such attachment.")
        answer = ranged(content, request.headers.get("Range", ""))
        answer["Content-Type"] = known["mime_type"] if MIME_TYPE.fullmatch(known["mime_type"]) else UNTYPED
        answer["Content-Disposition"] = disposition(known["filename"])
        answer["Content-Security-Policy"] = "sandbox; default-src 'none'"
        answer["X-Content-Type-Options"] = "nosniff"
        return answer


def disposition(filename: str) -> str:
    """A Content-Disposition that no file name can break out of (RFC 6266), without folders."""
    name = re.split(r"[\\/]", filename)[-1]
    name = "".join(character for character in name if character.isprintable())[:150].strip() or "attachment"
    plain = re.sub(r"[^A-Za-z0-9 ._()-]", "_", name)
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"


def ranged(content: bytes, asked: str) -> HttpResponse:
    """200 with all of it, 206 with one range of bytes, 416 for a range beyond it (RFC 9110); what is no range is ignored."""
    match = RANGE.fullmatch(asked.strip())
    if match is None or not (match[1] or match[2]):
        answer = HttpResponse(content)
        answer["Accept-Ranges"] = "bytes"
        return answer
    size = len(content)
    first = int(match[1]) if match[1] else max(size - int(match[2]), 0)
    last = min(int(match[2]), size - 1) if match[1] and match[2] else size - 1
    if first > last:
        answer = HttpResponse(status=416)
        answer["Content-Range"] = f"bytes */{size}"
        return answer
    answer = HttpResponse(content[first : last + 1], status=206)
    answer["Content-Range"] = f"bytes {first}-{last}/{size}"
    return answer
