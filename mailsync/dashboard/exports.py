"""Downloads of mail: begin one, see what became of the last."""

from dataclasses import dataclass
from urllib.parse import urlencode

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from mailsync import audit
from mailsync.api.attachments import disposition
from mailsync.dashboard.mail import chosen_accounts
from mailsync.dashboard.people import user_of
from mailsync.dashboard.words import label_name
from mailsync.export import ledger
from mailsync.export.download import download, in_a_thread
from mailsync.export.selection import EVERYTHING
from mailsync.models import Account, Export
from mailsync.search import mail_list
from mailsync.texts import MISSING

LONGEST_QUERY = 2000
TYPES = {Export.Form.MBOX: "application/mbox", Export.Form.ZIP: "application/zip"}


@dataclass(frozen=True, slots=True)
class Past:
    """A download as the page tells of it."""

    export: Export
    what: str
    state: str  # "running" | "complete" | "incomplete" | "broken"
    missing: list[tuple[str, str, str]]  # Gmail id, its address here, why

    @property
    def unnamed(self) -> int:
        """How many more are missing than the list names."""
        return self.export.missing_count - len(self.missing)


@login_required
@require_safe
def exports(request: HttpRequest) -> HttpResponse:
    """The last ones, each with what is missing from it."""
    mine = Export.objects.filter(owner=user_of(request)).select_related("account").order_by("-id")
    return render(request, "mailsync/exports.html", {"exports": [_past(each) for each in mine], "page": "mail"})


@login_required
@require_POST
def start(request: HttpRequest) -> HttpResponseBase:
    """The file, made while it is downloaded."""
    user, form = user_of(request), request.POST.get("form", "")
    label, q = (request.POST.get(name, "").replace("\x00", "").strip() for name in ("label", "q"))
    accounts = chosen_accounts(user, request.POST.get("account", ""))
    if form not in Export.Form.values or len(q) > LONGEST_QUERY or len(label) > 255:
        messages.error(request, _("Choose from the lists."))
        return redirect("exports")
    if not accounts:
        raise Http404
    try:
        with transaction.atomic():
            export = ledger.begin(user, accounts, form, label, q)
            audit.record("exported", by=user, mailbox=export.account, request=request, form=form, label=label, q=q)
    except ledger.Busy:
        messages.error(request, _("Another download is under way. Wait until it has ended, then try again."))
        return redirect("exports")
    pieces = download(export, mail_list(accounts, label, q), accounts)
    answer = StreamingHttpResponse(in_a_thread(pieces), content_type=TYPES[Export.Form(form)])
    answer["Content-Disposition"] = disposition(f"{_name(accounts)} {timezone.localdate()}.{form}")
    answer["Cache-Control"] = "no-store"
    answer["X-Accel-Buffering"] = "no"
    return answer


def _name(accounts: list[Account]) -> str:
    return accounts[0].email if len(accounts) == 1 else "mail"


def _past(export: Export) -> Past:
    missing = [
        (gmail_id, _address(export, gmail_id), str(MISSING.get(code, code))) for gmail_id, code in export.missing
    ]
    return Past(export, _what(export), _state(export), missing)


def _what(export: Export) -> str:
    if export.q == EVERYTHING and not export.label:
        return _("Everything")
    return " ".join(filter(None, [label_name(export.label) if export.label else "", export.q])) or _("All mail")


def _state(export: Export) -> str:
    if export.finished_at is None:
        return "running" if export.seen_at > timezone.now() - ledger.SILENCE else "broken"
    return "broken" if not export.whole else "incomplete" if export.missing_count else "complete"


def _address(export: Export, gmail_id: str) -> str:
    account = {"account": export.account_id} if export.account_id else {}
    return reverse("message", args=[gmail_id]) + (f"?{urlencode(account)}" if account else "")
