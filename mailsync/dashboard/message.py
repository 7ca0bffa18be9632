"""The page of one message."""

from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import quote

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.http import urlencode
from django.views.decorators.http import require_safe

from mailsync import messages
from mailsync.dashboard.framed import has_remote, inline_ids
from mailsync.dashboard.people import user_of
from mailsync.dashboard.words import label_name
from mailsync.models import Change, Label, Message, RawMessage
from mailsync.search.marking import Marker

MOST_IN_THREAD = 100  # where Gmail breaks a conversation
LAST_CHANGES = 50


@dataclass(frozen=True, slots=True)
class Line:
    """A line of the message's log, with the names of its labels."""

    change: Change
    added: list[str]
    removed: list[str]


def own_message(request: HttpRequest, gmail_id: str) -> Message:
    """The user's own message, in the mailbox `?account=` where two hold the id; a stranger's is 404."""
    mine = Message.objects.of(user_of(request)).filter(gmail_id=gmail_id)
    found = mine.select_related("account").defer("words")
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
    thread = _thread(mail)
    at = next((number for number, each in enumerate(thread) if each.pk == mail.pk), 0)
    marker = Marker(query := request.GET.get("q", ""))
    context = {
        "mail": mail,
        "body": body,
        "subject": marker.marked(mail.subject, "subject"),
        "text": marker.marked(body.text) if body else "",
        "labels": list(zip(mail.labels, _named(mail, [mail.labels])[0], strict=True)),
        "log": _log(mail),
        "page": "mail",
        "q": query,
        "carried": urlencode({name: value for name in ("q", "label") if (value := request.GET.get(name))}),
        "in_gmail": in_gmail(mail),
        "thread": thread,
        "position": at + 1,
        "before": thread[at - 1] if at > 0 else None,
        "after": thread[at + 1] if at + 1 < len(thread) else None,
        "plain": request.GET.get("view") == "text" or (body is not None and not body.html),
        "held_back": body is not None and _holds_back(mail, body.html),
        "pictures": request.GET.get("pictures") == "1",
    }
    return render(request, "mailsync/message.html", context)


def in_gmail(mail: Message) -> str:
    """The address of the message at Gmail; none for one that Gmail has no more."""
    if mail.deleted_at is not None:
        return ""
    return f"https://mail.google.com/mail/u/?authuser={quote(mail.account.email)}#all/{quote(mail.gmail_id)}"


def _thread(mail: Message) -> list[Message]:
    """The conversation, oldest first; the message itself alone where it is longer than Gmail lets one be."""
    rows = Message.objects.filter(account=mail.account_id, thread_id=mail.thread_id)
    fields = (
        "gmail_id",
        "account_id",
        "thread_id",
        "internal_date",
        "sender_name",
        "sender_email",
        "snippet",
        "labels",
    )
    found = list(rows.order_by("internal_date", "gmail_id").only(*fields)[:MOST_IN_THREAD])
    return found if any(each.pk == mail.pk for each in found) else [mail]


def _holds_back(mail: Message, html: str) -> bool:
    """Whether there are pictures that are shown only when asked for: from elsewhere, or of an original not held yet."""
    return has_remote(html) or (bool(inline_ids(html)) and not RawMessage.objects.filter(message=mail.pk).exists())


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
