"""Write down who did what of consequence: connections, exports, keys, tokens, sign-ins, users.

`record` is all that others call. Words for a new action go into ACTIONS; nothing else has to change.
"""

import ipaddress
from datetime import timedelta

from django.contrib.auth.models import User
from django.http import HttpRequest
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from mailsync.models import Account, AuditEvent
from syncjobs.clock import in_

KEEP = timedelta(days=365)  # the trigger on the table refuses to delete younger lines
LONGEST = 200  # characters of a detail
MOST_AT_ONCE = 1000

ACTIONS: dict[str, Promise] = {
    "connected": _("Mailbox connected"),
    "reconnected": _("Mailbox reconnected"),
    "disconnected": _("Mailbox disconnected"),
    "erased": _("Mirror erased"),
    "grant_ended": _("Permission ended by Google"),
    "exported": _("Mail exported"),
    "token_made": _("API token made"),
    "token_revoked": _("API token revoked"),
    "keys_rotated": _("Encryption keys rotated"),
    "signed_in": _("Signed in"),
    "signed_out": _("Signed out"),
    "sign_in_failed": _("Sign-in failed"),
    "sign_in_locked": _("Sign-in locked"),
    "second_step_on": _("Two-step sign-in switched on"),
    "second_step_off": _("Two-step sign-in switched off"),
    "recovery_code_used": _("Recovery code used"),
    "invited": _("User invited"),
    "invitation_accepted": _("Invitation accepted"),
    "invitation_withdrawn": _("Invitation withdrawn"),
    "password_changed": _("Password changed"),
    "email_changed": _("E-mail address changed"),
    "user_deactivated": _("User deactivated"),
    "user_activated": _("User activated"),
    "user_deleted": _("User deleted"),
}


def record(
    action: str,
    *,
    by: User | str = "",
    mailbox: Account | None = None,
    request: HttpRequest | None = None,
    **details: str | int | bool | None,
) -> AuditEvent:
    """One line, in the transaction of the caller: what is rolled back was not done.

    `by` is the user, or a name ("manage.py" for commands); `request` tells where from. Details are short words and numbers,
    never a secret. Raises KeyError for an action without words.
    """
    ACTIONS[action]
    return AuditEvent.objects.create(
        action=action,
        actor=(by.get_username() if isinstance(by, User) else by)[:150],
        mailbox=mailbox.pk if mailbox is not None else None,
        address=address_of(request),
        details={name: value[:LONGEST] if isinstance(value, str) else value for name, value in details.items()},
    )


def address_of(request: HttpRequest | None) -> str | None:
    """Where a request came from: the web server has put there what it believes of proxies (FORWARDED_ALLOW_IPS)."""
    try:
        return str(ipaddress.ip_address(request.META.get("REMOTE_ADDR", ""))) if request is not None else None
    except ValueError:  # a socket of the file system has none
        return None


def prune() -> int:
    """Delete what is older than a year. Returns how many lines went."""
    old = AuditEvent.objects.filter(at__lt=in_(-KEEP)).order_by("pk").values_list("pk", flat=True)[:MOST_AT_ONCE]
    return AuditEvent.objects.filter(pk__in=list(old)).delete()[0]
