"""Say what a person can do about a job that failed."""

from dataclasses import dataclass

from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


@dataclass(frozen=True, slots=True)
class Advice:
    """What to do; where it leads, if anywhere."""

    text: Promise
    action: Promise | None = None
    url: str = ""


_CONNECT = _("Let Google ask you once more; the sync then goes on where it stopped.")
_AGAIN = _("It goes on with the next automatic sync. Retry if you would rather not wait.")
_EMPTIED = _(
    "Look into Gmail. If the mail really is gone, say so on the page of the mailbox; if not, the next sync looks again."
)
_TEXTS = {
    "gmail_refused": _(
        "Google will not let this application read the mailbox. In an organisation an administrator can allow it; then retry."
    ),
    "delegation_refused": _(
        "The administrator of the Workspace allows the service account's client id the scope gmail.readonly: admin.google.com, "
        "Security, API controls, Domain-wide delegation. Then retry."
    ),
    "gmail_unreachable": _AGAIN,
    "database_trouble": _AGAIN,
    "STALE": _AGAIN,
    "POISON": _("Retry once. If it stops there again, whoever runs this server finds the details in the admin."),
    "BUG": _("Retry once. If it happens again, whoever runs this server finds the details in the admin."),
    "UNKNOWN_KIND": _("Whoever runs this server has to mend its settings."),
    "account_gone": _("The mailbox was disconnected meanwhile: nothing is left to do."),
}


def advice(code: str, account: int | None) -> Advice | None:
    """About a job that failed with `code`; None where there is nothing to say."""
    if code in ("reconnect_needed", "credentials_unreadable"):
        return Advice(_CONNECT, _("Connect again"), _connect(account))
    if code == "suddenly_empty" and account:
        return Advice(_EMPTIED, _("To the mailbox"), reverse("account", args=[account]))
    text = _TEXTS.get(code)
    return Advice(text) if text else None


def _connect(account: int | None) -> str:
    return reverse("connect") + (f"?account={account}" if account else "")
