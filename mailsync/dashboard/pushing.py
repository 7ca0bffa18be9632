"""Say whether Gmail tells us of changes to a mailbox, and what came through the door for it."""

from datetime import datetime
from typing import Any

import redis
from django.conf import settings
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from mailsync import push_counts
from mailsync.dashboard.figures import count, time_tag
from mailsync.models import Account, Watch

TROUBLES: dict[str, Any] = {
    "topic_missing": gettext_lazy("Google knows no such Pub/Sub topic."),
    "topic_permission": gettext_lazy("Gmail may not publish on the Pub/Sub topic."),
    "topic_wrong": gettext_lazy("The Pub/Sub topic belongs to another project than the OAuth client."),
    "scope": gettext_lazy("The permission that was given does not suffice."),
    "domain_policy": gettext_lazy("The administrator of the domain forbids it."),
    "rate_limited": gettext_lazy("Gmail's quota is used up."),
    "unreachable": gettext_lazy("Google does not answer."),
    "grant": gettext_lazy("The permission has ended."),
    "credentials_unreadable": gettext_lazy("No encryption key opens the permission."),
    "refused": gettext_lazy("Gmail refuses."),
}


def sentence(watch: Watch | None, account: Account, now: datetime) -> str:
    """Whether push is on for this mailbox, else why not and what then."""
    if not settings.GOOGLE_PUBSUB_TOPIC:
        return _("Off: this installation has no Pub/Sub topic. New mail is found by the clock.")
    if account.paused_at is not None or account.state != Account.State.OK:
        return _("At rest, as the mailbox is.")
    if watch is None or watch.expires_at is None:
        return _trouble(watch, _("Not on yet; until then new mail is found by the clock."))
    if watch.expires_at <= now:
        lapsed = _("Lapsed since {time}; new mail is found by the clock.")
        return _trouble(watch, format_html(lapsed, time=time_tag(watch.expires_at, exact=True)))
    if watch.heard_at is None:
        return _trouble(watch, _("On, renewed daily; nothing heard yet."))
    heard = _("On, renewed daily; last heard {time}.")
    return _trouble(watch, format_html(heard, time=time_tag(watch.heard_at, exact=True)))


def _trouble(watch: Watch | None, said: str) -> str:
    if watch is None or not watch.trouble:
        return said
    again = format_html(_("Next try: {time}."), time=time_tag(watch.due_at, exact=True)) if watch.due_at else ""
    return format_html("{} {} {}", said, TROUBLES.get(watch.trouble, watch.trouble), again)


def counted() -> str:
    """How many pushes were taken, how many refused, since Redis last began."""
    try:
        found = push_counts.read()
    except redis.RedisError:
        return _("Pushes are not counted: Redis does not answer.")
    forged = {
        name.removeprefix(push_counts.FORGED): n for name, n in found.items() if name.startswith(push_counts.FORGED)
    }
    said = _("Pushes: %(accepted)s accepted, %(forged)s refused as forged") % {
        "accepted": count(found.get(push_counts.ACCEPTED, 0)),
        "forged": count(sum(forged.values())),
    }
    return said + (f" ({', '.join(f'{name} {count(n)}' for name, n in forged.items())})" if forged else "")
