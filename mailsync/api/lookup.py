"""Find the account that a call means."""

from zoneinfo import ZoneInfo, available_timezones

from django.db.models import QuerySet
from django.utils.translation import gettext as _
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request

from mailsync import schedule
from mailsync.api.errors import ApiError
from mailsync.models import Account, Preferences
from mailsync.preferences import zone as preferred_zone
from syncjobs.parameters import whole


def accounts(request: Request) -> QuerySet[Account]:
    """The user's accounts, or the one that `account` names; a stranger's is 404."""
    mine = Account.objects.filter(owner=request.user.pk).order_by("pk")
    text = request.query_params.get("account")
    if text is None:
        return mine
    named = mine.filter(pk=whole("account", text))
    if not named.exists():
        raise ApiError(404, "not_found", "There is no such account.")
    return named


def account(request: Request) -> Account:
    """The one account that is meant: named, or the user's only one."""
    found = list(accounts(request)[:2])
    if not found:
        raise ApiError(404, "no_account", "Connect a mailbox first.")
    if len(found) > 1:
        raise ApiError(400, "account_required", "You have several accounts: say which one with account=ID.")
    return found[0]


def refusal(error: Exception) -> ApiError:
    """What the caller hears when the account cannot be synced."""
    if isinstance(error, schedule.Paused):
        return ApiError(409, "paused", _("This account is paused. Resume it first."))
    if isinstance(error, schedule.Disconnected):
        return ApiError(409, "reconnect_needed", _("This mailbox is disconnected: connect it again."))
    return ApiError(409, "reconnect_needed", _("Google no longer lets us in: reconnect this mailbox."))


def text(request: Request, name: str, longest: int) -> str:
    """A text, empty where nothing is said; raises ValidationError."""
    found = request.query_params.get(name, "")
    if len(found) > longest:
        raise ValidationError({name: [f"At most {longest} characters."]})
    return found


def flag(request: Request, name: str, default: bool) -> bool:
    """A boolean parameter: true/false/1/0; raises ValidationError."""
    text = request.query_params.get(name, "true" if default else "false").lower()
    if text not in {"true", "false", "1", "0"}:
        raise ValidationError({name: ["true or false."]})
    return text in {"true", "1"}


def number(request: Request, name: str, default: int, lowest: int, highest: int) -> int:
    """A whole number within bounds; raises ValidationError."""
    return whole(name, request.query_params.get(name, str(default)), lowest, highest)


def zone(request: Request) -> ZoneInfo:
    """The IANA zone that `tz` names, else the user's own, else UTC; raises ValidationError."""
    name = request.query_params.get("tz")
    if name is None:
        chosen = Preferences.objects.filter(user=request.user.pk).first()
        return preferred_zone(chosen.time_zone if chosen else "")
    if name not in available_timezones():
        raise ValidationError({"tz": ["The name of an IANA time zone, such as Europe/Berlin."]})
    return ZoneInfo(name)
