"""The page of one message."""

from collections.abc import Iterable
from dataclasses import dataclass

from csp.decorators import csp
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.clickjacking import xframe_options_sameorigin
from django.views.decorators.http import require_safe

from mailsync import messages
from mailsync.dashboard.framed import framed
from mailsync.dashboard.people import user_of
from mailsync.dashboard.words import label_name
from mailsync.models import Change, Label, Message

MOST_IN_THREAD = 50
LAST_CHANGES = 50
# Nothing of a mail runs, nothing of it is loaded from elsewhere: the sender does not learn that it was read.
FRAME_POLICY = {
    "default-src": ["'none'"],
    "img-src": ["data:"],
    "style-src": ["'unsafe-inline'"],
    "frame-ancestors": ["'self'"],
    "base-uri": ["'none'"],
    "form-action": ["'none'"],
    "sandbox": ["allow-popups", "allow-popups-to-escape-sandbox"],
}


@dataclass(frozen=True, slots=True)
class Line:
    """A line of the message's log, with the names of its labels."""

    change: Change
    added: list[str]
    removed: list[str]


def own_message(request: HttpRequest, gmail_id: str) -> Message:
    """The user's own message, in the mailbox `?account=` where two hold the id; a stranger's is 404."""
    mine = Message.objects.of(user_of(request)).filter(gmail_id=gmail_id)
    found = mine.select_related("account").defer("search", "searched_text")
    wanted = request.GET.get("account", "")
    if wanted:
        found = (
            found.filter(account=int(wanted))
            if wanted.isascii() and wanted.isdigit() and len(wanted) < 19
            else found.none()
        )
    first = found.order_by("account").first()
    if first is None:
        raise Http404
    return first


@login_required
@require_safe
def message(request: HttpRequest, gmail_id: str) -> HttpResponse:
    """Headers, text, attachments; the HTML stands in a frame of its own."""
    mail = own_message(request, gmail_id)
    body = messages.body(mail)
    thread = Message.objects.filter(account=mail.account_id, thread_id=mail.thread_id).defer("search", "searched_text")
    context = {
        "mail": mail,
        "body": body,
        "labels": list(zip(mail.labels, _named(mail, [mail.labels])[0], strict=True)),
        "log": _log(mail),
        "page": "mail",
        "thread": thread.order_by("internal_date", "gmail_id")[:MOST_IN_THREAD],
        "plain": request.GET.get("view") == "text" or (body is not None and not body.html),
    }
    return render(request, "mailsync/message.html", context)


@xframe_options_sameorigin
@csp(FRAME_POLICY)  # type: ignore[arg-type] # its annotation knows no view with arguments
@login_required
@require_safe
def html(request: HttpRequest, gmail_id: str) -> HttpResponse:
    """The sanitised HTML alone, for the frame."""
    body = messages.body(own_message(request, gmail_id))
    if body is None or not body.html:
        raise Http404
    return render(request, "mailsync/message_html.html", {"html": framed(body.html)})


def _log(mail: Message) -> list[Line]:
    changes = list(
        Change.objects.filter(account=mail.account_id, gmail_id=mail.gmail_id).order_by("-id")[:LAST_CHANGES]
    )
    added = _named(mail, [change.labels_added for change in changes])
    removed = _named(mail, [change.labels_removed for change in changes])
    return [Line(*each) for each in zip(changes, added, removed, strict=True)]


def _named(mail: Message, labels: Iterable[list[str]]) -> list[list[str]]:
    """Each list of label ids by the names of its labels."""
    groups = list(labels)
    wanted = {each for group in groups for each in group}
    names = dict(Label.objects.filter(account=mail.account_id, label_id__in=wanted).values_list("label_id", "name"))
    return [[label_name(each, names.get(each, "")) for each in group] for group in groups]
