"""The list of mail: browse it, narrow it, search it."""

from dataclasses import dataclass
from typing import Any

from django.contrib.auth.decorators import login_required
from django.contrib.auth.models import User
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request

from mailsync.api.parameters import LONGEST_LABEL, LONGEST_QUERY
from mailsync.dashboard.people import user_of
from mailsync.dashboard.places import Labels
from mailsync.indexing.reindex import is_behind
from mailsync.models import Account, Export, Message
from mailsync.search import mail_list
from mailsync.search.conversations import ByConversation, Conversation, conversations
from mailsync.search.lists import LISTED
from mailsync.search.marking import Marker
from mailsync.search.newest import NewestFirst

MOST_CHIPS = 4
MOST_PEOPLE = 3
STATES = {"INBOX", "UNREAD", "STARRED", "IMPORTANT", "SENT"}  # seen by place, weight, mark, writer: no chip
WAYS = {"thread": ByConversation, "message": NewestFirst}
REMEMBERED = "mail_by"


@dataclass(frozen=True, slots=True)
class Row:
    """A line of the list: a message, alone or as the newest that matches of its conversation."""

    mail: Message
    conversation: Conversation | None
    chips: list[str]
    marker: Marker
    carried: str  # of the list's address, to the message's

    @property
    def address(self) -> str:
        """Of its page, which leads back to this list."""
        own = f"{reverse('message', args=[self.mail.gmail_id])}?account={self.mail.account_id}"
        return f"{own}&{self.carried}" if self.carried else own

    @property
    def unread(self) -> bool:
        """Not read in Gmail."""
        return self.conversation.unread if self.conversation else "UNREAD" in self.mail.labels

    @property
    def starred(self) -> bool:
        """Starred in Gmail."""
        return self.conversation.starred if self.conversation else "STARRED" in self.mail.labels

    @property
    def has_attachments(self) -> bool:
        """Whether a file is on it."""
        return self.conversation.has_attachments if self.conversation else self.mail.has_attachments

    @property
    def size(self) -> int:
        """How many messages the conversation has; 1 where it says nothing."""
        return self.conversation.size if self.conversation else 1

    @property
    def people(self) -> SafeString:
        """Who wrote: the first and the last, as in Gmail; to whom, where only the owner did."""
        everybody = self.conversation.people if self.conversation else []
        if len(everybody) < 2:
            return self.marker.marked(_writer(self.mail), "from", "to")
        names = [name or _("me") for name in everybody]
        shown = names if len(names) <= MOST_PEOPLE else [names[0], "…", *names[1 - MOST_PEOPLE :]]
        return self.marker.marked(", ".join(shown), "from")

    @property
    def subject(self) -> SafeString:
        """With what was searched for marked."""
        return self.marker.marked(self.mail.subject, "subject")

    @property
    def snippet(self) -> SafeString:
        """With what was searched for marked."""
        return self.marker.marked(self.mail.snippet)


@login_required
@require_safe
def mail(request: HttpRequest) -> HttpResponse:
    """One page of the list."""
    accounts = _accounts(user_of(request))
    chosen = _chosen(accounts, request.GET.get("account", ""))
    label, query = request.GET.get("label", "").replace("\x00", ""), request.GET.get("q", "").strip()
    label, query = label[:LONGEST_LABEL], query[:LONGEST_QUERY]  # each line of the list carries them
    labels, by = Labels.of(chosen), _way(request)
    found, newer, older = _page(request, WAYS[by](mail_list(chosen, label, query)))
    context = {
        "accounts": accounts,
        "account": chosen[0] if len(chosen) == 1 and len(accounts) > 1 else None,
        "label": label,
        "label_name": labels.name(label) if label else "",
        "q": query,
        "behind": bool(query) and is_behind(chosen),
        "wider": f"{query} in:anywhere" if query and "in:" not in query else "",
        "by": by,
        "rows": _rows(found, labels, label, query, by),
        "newer": newer,
        "older": older,
        "forms": Export.Form.choices,
        "groups": labels.groups(),
        "page": "mail",
    }
    return render(request, "mailsync/mail.html", context)


def chosen_accounts(user: User, wanted: str) -> list[Account]:
    """The user's mailboxes, or the one that is wanted; a stranger's is 404."""
    return _chosen(_accounts(user), wanted)


def _accounts(user: User) -> list[Account]:
    return list(Account.objects.filter(owner=user).order_by("email"))


def _writer(mail: Message) -> str:
    if mail.sender_email.lower() == mail.account.email.lower():
        people = ", ".join(each["name"] or each["email"] for each in mail.to[:MOST_PEOPLE])
        return _("To: %(people)s") % {"people": people} if people else _("me")
    return mail.sender_name or mail.sender_email


def _way(request: HttpRequest) -> str:
    """By conversation or by message: as asked for, else as the last time."""
    asked = request.GET.get("by", "")
    if asked in WAYS and asked != request.session.get(REMEMBERED):
        request.session[REMEMBERED] = asked
    known = request.session.get(REMEMBERED)
    return known if known in WAYS else "thread"


def _chosen(accounts: list[Account], wanted: str) -> list[Account]:
    if not wanted:
        return accounts
    chosen = [account for account in accounts if str(account.pk) == wanted]
    if not chosen:
        raise Http404
    return chosen


def _page(request: HttpRequest, pages: NewestFirst) -> tuple[list[Message], str | None, str | None]:
    try:
        rows = pages.paginate_queryset(pages.mail.rows.only(*LISTED), Request(request))
    except ValidationError:
        raise Http404 from None
    links: dict[str, Any] = pages.get_paginated_response([]).data
    return rows, links["previous"], links["next"]


def _rows(found: list[Message], labels: Labels, label: str, query: str, by: str) -> list[Row]:
    together = conversations(found) if by == "thread" and found else {}
    known = {account.pk: account for account in labels.accounts}
    for each in found:
        each.account = known[each.account_id]
    marker = Marker(query)
    carried = urlencode({name: value for name, value in (("q", query), ("label", label)) if value})
    return [
        Row(each, together.get((each.account_id, each.thread_id)), _chips(each, labels, label), marker, carried)
        for each in found
    ]


def _chips(message: Message, labels: Labels, current: str) -> list[str]:
    hidden = {*STATES, current}
    shown = [each for each in message.labels if each not in hidden and not each.startswith("CATEGORY_")]
    return [labels.name(each, message.account_id) for each in shown][:MOST_CHIPS]
