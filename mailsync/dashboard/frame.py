"""Serve the HTML of a message for the frame in its page, under a policy of its own."""

from base64 import b64encode
from typing import Any

from csp.decorators import csp
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.clickjacking import xframe_options_sameorigin
from django.views.decorators.http import require_safe

from gmail.mime import inline_pictures
from mailsync import messages
from mailsync.api.errors import ApiError
from mailsync.api.messages import exact_bytes
from mailsync.dashboard.framed import framed, inline_ids
from mailsync.dashboard.message import own_message
from mailsync.models import Message
from mailsync.search.marking import Marker

# Nothing of a mail runs, nothing of it is loaded from elsewhere: the sender does not learn that it was read.
POLICY: dict[str, Any] = {
    "default-src": ["'none'"],
    "img-src": ["data:"],
    "style-src": ["'unsafe-inline'"],
    "frame-ancestors": ["'self'"],
    "base-uri": ["'none'"],
    "form-action": ["'none'"],
    "sandbox": ["allow-popups", "allow-popups-to-escape-sandbox"],
}
WITH_PICTURES = {**POLICY, "img-src": ["data:", "https:"]}


@xframe_options_sameorigin
@csp(POLICY)  # type: ignore[arg-type] # its annotation knows no view with arguments
@login_required
@require_safe
def html(request: HttpRequest, gmail_id: str) -> HttpResponse:
    """The sanitised HTML alone, with what the mail itself brings along."""
    return _rendered(request, own_message(request, gmail_id), pictures=False)


@xframe_options_sameorigin
@csp(WITH_PICTURES)  # type: ignore[arg-type] # its annotation knows no view with arguments
@login_required
@require_safe
def html_with_pictures(request: HttpRequest, gmail_id: str) -> HttpResponse:
    """Pictures from elsewhere, too: the reader's browser fetches them each time that is asked for, this server never."""
    return _rendered(request, own_message(request, gmail_id), pictures=True)


def _rendered(request: HttpRequest, mail: Message, *, pictures: bool) -> HttpResponse:
    body = messages.body(mail)
    if body is None or not body.html:
        raise Http404
    clean = framed(body.html, _inline(mail, body.html, fetch=pictures), remote=pictures)
    marked = Marker(request.GET.get("q", "")).marked_html(clean)
    answer = render(request, "mailsync/message_html.html", {"html": marked})
    answer["Referrer-Policy"] = "no-referrer"
    answer["X-DNS-Prefetch-Control"] = "off"
    return answer


def _inline(mail: Message, markup: str, *, fetch: bool) -> dict[str, str]:
    """The pictures within the mail as data: URLs: a frame without an origin has no session to ask for them with."""
    wanted = inline_ids(markup)
    exact = messages.raw(mail) if wanted else None
    if wanted and exact is None and fetch:
        try:
            exact = exact_bytes(mail)
        except ApiError:  # Gmail does not have it, or does not answer: the mail is shown without
            exact = None
    found = inline_pictures(exact, wanted) if exact else {}
    return {name: f"data:{kind};base64,{b64encode(data).decode()}" for name, (kind, data) in found.items()}
