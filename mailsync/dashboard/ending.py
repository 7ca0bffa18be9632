"""Say when Google will end a permission, while there is time to renew it."""

from datetime import datetime, timedelta

from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from mailsync.dashboard.figures import time_tag
from mailsync.dashboard.sentences import Sentence, Tone
from mailsync.models import Account

SOON = timedelta(days=2)


def ending(account: Account, now: datetime) -> Sentence | None:
    """The countdown of a grant that has an end, a warning in its last two days; None for every other."""
    if account.state != Account.State.OK or account.grant_ends_at is None:
        return None
    left = account.grant_ends_at - now
    if left <= timedelta():
        return Sentence(
            Tone.BAD,
            _("Google's permission has ended: connect this mailbox again. Its mirror stays, the sync goes on."),
        )
    if left <= SOON:
        return Sentence(
            Tone.BAD, _said(_hours(left), _("Connect this mailbox again before: its mirror stays."), account)
        )
    return Sentence(Tone.QUIET, _said(_days(left), "", account))


def ends_soon(account: Account, now: datetime) -> bool:
    """Whether somebody has to do something about it now."""
    said = ending(account, now)
    return said is not None and said.tone is Tone.BAD


def _said(countdown: str, advice: str, account: Account) -> str:
    assert account.grant_ends_at is not None
    # Translators: a countdown, the moment that it counts to, what to do.
    said = _("{countdown} ({time}). {advice}")
    return format_html(said, countdown=countdown, time=time_tag(account.grant_ends_at, exact=True), advice=advice)


def _hours(left: timedelta) -> str:
    hours = max(1, int(left.total_seconds() // 3600))
    return ngettext("Google's permission ends in %(n)s hour", "Google's permission ends in %(n)s hours", hours) % {
        "n": hours
    }


def _days(left: timedelta) -> str:
    return ngettext("Google's permission ends in %(n)s day", "Google's permission ends in %(n)s days", left.days) % {
        "n": left.days
    }
