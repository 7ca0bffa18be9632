"""The list of mail: browse it, narrow it, search it."""

from dataclasses import dataclass
from typing import Any

from django.contrib.auth.decorators import login_required
from django.contrib.auth.models import User
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request

from mailsync.dashboard.people import user_of
from mailsync.dashboard.words import SYSTEM_LABELS, label_name
from mailsync.models import Account, Export, Label, Message
from mailsync.search import MailList, mail_list
from mailsync.search.newest import NewestFirst

SHOWN_LABELS = ["INBOX", "STARRED", "IMPORTANT", "SENT", "DRAFT", "UNREAD", "SPAM", "TRASH"]
MOST_CHIPS = 4
STATES = {"INBOX", "UNREAD", "STARRED", "IMPORTANT"}  # seen by place, weight, mark: no chip


@dataclass(frozen=True, slots=True)
class Place:
    """A label to browse."""

    id: str
    name: str


@dataclass(frozen=True, slots=True)
class Row:
    """A line of the list: the message with the names of its labels."""

    mail: Message
    chips: list[str]

    @property
    def unread(self) -> bool:
        """Not read in Gmail."""
        return "UNREAD" in self.mail.labels

    @property
    def starred(self) -> bool:
        """Starred in Gmail."""
        return "STARRED" in self.mail.labels


@login_required
@require_safe
def mail(request: HttpRequest) -> HttpResponse:
    """One page of the list."""
    accounts = _accounts(user_of(request))
    chosen = _chosen(accounts, request.GET.get("account", ""))
    label, query = request.GET.get("label", "").replace("\x00", ""), request.GET.get("q", "").strip()
    names = _names(chosen)
    found, newer, older = _page(request, mail_list(chosen, label, query))
    context = {
        "accounts": accounts,
        "account": chosen[0] if len(chosen) == 1 and len(accounts) > 1 else None,
        "label": label,
        "label_name": label_name(label, names.get(label, "")) if label else "",
        "q": query,
        "rows": [Row(each, _chips(each, names, label)) for each in found],
        "newer": newer,
        "older": older,
        "forms": Export.Form.choices,
        "places": _places(names),
        "page": "mail",
    }
    return render(request, "mailsync/mail.html", context)


def chosen_accounts(user: User, wanted: str) -> list[Account]:
    """The user's mailboxes, or the one that is wanted; a stranger's is 404."""
    return _chosen(_accounts(user), wanted)


def _accounts(user: User) -> list[Account]:
    return list(Account.objects.filter(owner=user).order_by("email"))


def _chosen(accounts: list[Account], wanted: str) -> list[Account]:
    if not wanted:
        return accounts
    chosen = [account for account in accounts if str(account.pk) == wanted]
    if not chosen:
        raise Http404
    return chosen


def _page(request: HttpRequest, found: MailList) -> tuple[list[Message], str | None, str | None]:
    pages = NewestFirst(found)
    try:
        rows = pages.paginate_queryset(found.rows, Request(request))
    except ValidationError:
        raise Http404 from None
    links: dict[str, Any] = pages.get_paginated_response([]).data
    return rows, links["previous"], links["next"]


def _names(accounts: list[Account]) -> dict[str, str]:
    labels = Label.objects.filter(account__in=accounts).order_by("name")
    return dict(labels.values_list("label_id", "name"))


def _places(names: dict[str, str]) -> list[Place]:
    system = [Place(each, label_name(each)) for each in SHOWN_LABELS]
    return system + [Place(each, name) for each, name in names.items() if each not in SYSTEM_LABELS]


def _chips(message: Message, names: dict[str, str], current: str) -> list[str]:
    shown = [each for each in message.labels if each != current and each not in STATES]
    return [label_name(each, names.get(each, "")) for each in shown][:MOST_CHIPS]
