"""Lead a person through Google's consent, to a connected mailbox."""

from dataclasses import dataclass

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from gmail.errors import GmailError, GrantRevoked, RateLimited, Refused, Transient
from mailsync import connect as mailboxes
from mailsync import consent, schedule
from mailsync.dashboard import pending
from mailsync.dashboard.accounts import own_account
from mailsync.dashboard.pending import Pending
from mailsync.dashboard.people import user_of
from mailsync.demo import connect_simulated
from mailsync.models import Account
from syncjobs.states import Trigger

NEEDED = ("GOOGLE_CLIENT_ID", "GOOGLE_CLIENT_SECRET")
LONGEST_ID = 18


@dataclass(frozen=True, slots=True)
class Trouble:
    """Why no mailbox was connected; what the person can do about it."""

    status: int
    title: Promise
    advice: Promise
    again: bool = True


UNCONFIGURED = Trouble(
    503,
    _("Google is not set up here yet."),
    _("Whoever runs this server makes an OAuth client in the Google Cloud console, then sets:"),
    again=False,
)
UNKNOWN = Trouble(
    400,
    _("This answer of Google's was not asked for here, or came too late."),
    _("A consent is good once, for ten minutes, in the browser that asked for it. Begin again."),
)
DENIED = Trouble(
    400,
    _("You did not allow access, so no mailbox was connected."),
    _(
        "Nothing was stored. The mail is only ever read: nothing in Gmail is changed or deleted. To connect it, allow access "
        "and leave the box for viewing your email ticked."
    ),
)
WITHHELD = Trouble(
    400,
    _("Access to the mail was left out."),
    _("Nothing was stored. Try again, and leave the box for viewing your email ticked."),
)
FLEETING = Trouble(
    502,
    _("Google gave access for an hour only."),
    _(
        "Nothing was stored, since syncing goes on without you. Remove this application under "
        "myaccount.google.com/connections, then try again."
    ),
)
EXPIRED = Trouble(400, _("Google's permission has expired or was used already."), _("Begin again: it takes a moment."))
ANOTHER = Trouble(
    400,
    _("That was another mailbox."),
    _("You chose a different Google account than the mailbox to be reconnected. Nothing was changed."),
)
UNREACHABLE = Trouble(502, _("Google does not answer at the moment."), _("Nothing was stored. Try again in a minute."))
REFUSED = Trouble(
    502,
    _("Google refuses this installation."),
    _("Whoever runs this server finds the reason in the Google Cloud console; Google's own word for it:"),
)

EXPLAINED = {"insufficient_scope": WITHHELD, "no_refresh_token": FLEETING}


@never_cache
@login_required
@require_GET
def connect(request: HttpRequest) -> HttpResponse:
    """Send the browser to Google; `?account=ID` reconnects a mailbox."""
    missing = [name for name in NEEDED if not getattr(settings, name)]
    if missing:
        return _explain(request, UNCONFIGURED, words=missing)
    account = _meant(request)
    state = pending.new_state()
    url, verifier = consent.ask(
        redirect_uri=_callback_address(), state=state, login_hint=account.email if account else ""
    )
    pending.keep(request.session, state, Pending(verifier, account.pk if account else None))
    return redirect(url)


@login_required
@require_POST
def simulated(request: HttpRequest) -> HttpResponse:
    """Connect the mailbox of the simulator, where this installation runs one for trying."""
    if not settings.SIMULATED:
        raise Http404
    return _welcome(request, connect_simulated(user_of(request)))


@never_cache
@login_required
@require_GET
def callback(request: HttpRequest) -> HttpResponse:
    """Google's answer: a connected mailbox with its first sync, or a page that says why not."""
    asked = pending.take(request.session, request.GET.get("state", ""))
    if asked is None:
        return _explain(request, UNKNOWN)
    if "code" not in request.GET:
        return _no_code(request, asked)
    try:
        agreed = consent.complete(
            redirect_uri=_callback_address(), code=request.GET["code"], code_verifier=asked.verifier
        )
    except GmailError as error:
        return _failed(request, error, asked)
    if asked.account is not None and own_account(request, asked.account).email != agreed.email.lower():
        # The grant is not revoked: that would end every grant of that person's, also one that another mirror lives on.
        return _explain(request, ANOTHER, asked, words=[agreed.email])
    return _welcome(request, _connected(request, agreed))


def _connected(request: HttpRequest, agreed: consent.Consent) -> Account:
    return mailboxes.connect(user_of(request), agreed.email, agreed.grant, ends_at=agreed.ends_at)


def _meant(request: HttpRequest) -> Account | None:
    text = request.GET.get("account")
    if text is None:
        return None
    if not text.isascii() or not text.isdigit() or len(text) > LONGEST_ID:
        raise Http404
    return own_account(request, int(text))


def _callback_address() -> str:
    return settings.PUBLIC_URL + reverse("connect-callback")


def _no_code(request: HttpRequest, asked: Pending) -> HttpResponse:
    """The consent page itself says no (RFC 6749, section 4.1.2.1)."""
    word = request.GET.get("error", "")[:100]
    if word == "access_denied":
        return _explain(request, DENIED, asked)
    if word in ("server_error", "temporarily_unavailable"):
        return _explain(request, UNREACHABLE, asked)
    return _explain(request, REFUSED, asked, words=[word or "?"])


def _failed(request: HttpRequest, error: GmailError, asked: Pending) -> HttpResponse:
    if isinstance(error, GrantRevoked):
        return _explain(request, EXPIRED, asked)
    if isinstance(error, Transient | RateLimited):
        return _explain(request, UNREACHABLE, asked)
    word = error.reason if isinstance(error, Refused) else error.code
    if word in EXPLAINED:
        return _explain(request, EXPLAINED[word], asked)
    return _explain(request, REFUSED, asked, words=[word or error.code])


def _welcome(request: HttpRequest, account: Account) -> HttpResponse:
    try:
        schedule.request_sync(account, trigger=Trigger.BUTTON)
    except schedule.Paused:
        messages.warning(request, gettext("Connected. This mailbox is paused: resume it to sync."))
    else:
        messages.success(request, gettext("Connected: the mail is being mirrored now."))
    return redirect("account", account.pk)


def _explain(
    request: HttpRequest, trouble: Trouble, asked: Pending | None = None, *, words: list[str] | None = None
) -> HttpResponse:
    query = f"?account={asked.account}" if asked and asked.account is not None else ""
    context = {
        "trouble": trouble,
        "words": words or [],
        "again": reverse("connect") + query,
        "callback": _callback_address(),
    }
    return render(request, "mailsync/connect.html", context, status=trouble.status)
