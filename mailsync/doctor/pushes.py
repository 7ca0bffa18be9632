"""Check that Gmail's notifications can come, and do."""

from collections.abc import Iterator
from datetime import timedelta

import redis
import requests
from django.conf import settings
from django.db.models import Exists, OuterRef, QuerySet
from django.utils.translation import override

from gmail import failures
from mailsync import push_counts
from mailsync.dashboard.pushing import TROUBLES
from mailsync.doctor.configuration import is_private
from mailsync.doctor.registry import Finding, bad, many, note, ok
from mailsync.models import Account, Watch
from syncjobs.clock import SyncNow, in_

BOXES = ("mailbox", "mailboxes")
DOOR = "/push/gmail/"
PATIENCE = 5.0  # seconds
LATE = timedelta(minutes=15)  # a watch that is due is asked for within seconds
QUIET = timedelta(days=3)
MEND = {
    "topic_missing": "Make the topic that GOOGLE_PUBSUB_TOPIC names, or correct the name.",
    "topic_permission": "On the topic, give gmail-api-push@system.gserviceaccount.com the role Pub/Sub Publisher.",
    "topic_wrong": "Make the topic in the project of the OAuth client, and name it in GOOGLE_PUBSUB_TOPIC.",
    "grant": "Its owner presses Reconnect.",
}


def configured() -> Iterator[Finding]:
    """All of it, or nothing."""
    topic, account = settings.GOOGLE_PUBSUB_TOPIC, settings.GOOGLE_PUBSUB_SERVICE_ACCOUNT
    door = settings.PUBLIC_URL + DOOR
    if not topic and not account:
        yield ok("Push is off: new mail is found by the clock.")
    elif not account:
        yield bad(
            "GOOGLE_PUBSUB_TOPIC is set, but GOOGLE_PUBSUB_SERVICE_ACCOUNT is not: every notification is turned away.",
            "Set it to the service account that the push subscription signs with.",
        )
    elif not topic:
        yield bad(
            "GOOGLE_PUBSUB_SERVICE_ACCOUNT is set, but GOOGLE_PUBSUB_TOPIC is not: Gmail is not asked to tell of anything.",
            "Set it to the full name of the topic: projects/PROJECT/topics/TOPIC.",
        )
    elif "@" not in account or account.startswith("gmail-api-push@"):
        yield bad(
            f"GOOGLE_PUBSUB_SERVICE_ACCOUNT is {account}, which signs no pushes.",
            "Set it to the service account of your project that the push subscription authenticates with.",
        )
    elif not settings.GOOGLE_BASE_URL and (is_private(door) or not door.startswith("https://")):
        yield bad(
            f"Pub/Sub cannot push to {door}: it wants an https address that the whole internet can reach.",
            "Set PUBLIC_URL to one, with a certificate that is not self-signed.",
        )
    else:
        yield ok(f"Push is set up: {topic} to {door}, signed by {account} for {settings.GOOGLE_PUBSUB_AUDIENCE}.")
    if account and door != settings.GOOGLE_PUBSUB_AUDIENCE:
        yield note(
            f"Pushes must be meant for {settings.GOOGLE_PUBSUB_AUDIENCE}.",
            "See that the push subscription has exactly this audience (GOOGLE_PUBSUB_AUDIENCE).",
        )


def door() -> Iterator[Finding]:
    """Whether the web process expects pushes; it says so without counting us among the forgers."""
    if not settings.GOOGLE_PUBSUB_SERVICE_ACCOUNT:
        return
    address = settings.PUBLIC_URL + DOOR
    try:
        answer = requests.get(address, timeout=PATIENCE, allow_redirects=False)
    except failures.LIBRARY_FAILURES as error:
        yield bad(f"{address} does not answer ({type(error).__name__}).", "See that the proxy leads there.")
        return
    if answer.status_code == 405 and answer.headers.get("Allow") == "POST":
        yield ok("The door for pushes is there.")
    elif answer.status_code == 404:
        yield bad(
            f"{address} answers 404: the web process does not expect pushes.",
            "Give it the same environment as this command, and restart it.",
        )
    else:
        yield bad(
            f"{address} answers {answer.status_code}, but not as mailsync.",
            "See that the proxy hands POST /push/gmail/ to the web process, unchanged.",
        )


def watches() -> Iterator[Finding]:
    """Whether Gmail watches whom it should."""
    if not settings.GOOGLE_PUBSUB_TOPIC:
        return
    wanted = Watch.objects.filter(Exists(Account.objects.scheduled().filter(email=OuterRef("email"))))
    live = wanted.filter(expires_at__gt=SyncNow())
    yield from _dark(wanted.exclude(pk__in=live.values("pk")))
    if elsewhere := live.exclude(topic=settings.GOOGLE_PUBSUB_TOPIC).count():
        yield note(f"On an older topic: {many(elsewhere, 'watch', 'watches')}.", "They follow within a day.")
    quiet = live.filter(renewed_at__lt=in_(-timedelta(hours=1))).exclude(heard_at__gt=in_(-QUIET))
    if live.exists() and quiet.count() == live.count():
        yield note(
            "Gmail watches, but no notification has come for days.",
            "See the push subscription in Google's console: its endpoint, its audience, its oldest unacknowledged message.",
        )
    yield ok(f"Gmail watches {many(live.count(), *BOXES)}.")


def _dark(rows: QuerySet[Watch]) -> Iterator[Finding]:
    """Those that Gmail does not watch, by what is in the way."""
    for code in rows.exclude(trouble="").order_by("trouble").values_list("trouble", flat=True).distinct():
        with override("en"):
            why = str(TROUBLES.get(code, code))
        count = rows.filter(trouble=code).count()
        yield bad(f"Gmail does not watch {many(count, *BOXES)}: {why}", MEND.get(code, "It is tried again by itself."))
    late = rows.filter(trouble="", due_at__lt=in_(-LATE)).count()
    if late:
        yield bad(
            f"Gmail was not asked yet to watch {many(late, *BOXES)}.", "See that the beat and the process `worker` run."
        )


def counted() -> Iterator[Finding]:
    """What came, what was turned away."""
    if not settings.GOOGLE_PUBSUB_SERVICE_ACCOUNT:
        return
    try:
        found = push_counts.read()
    except redis.RedisError:
        return  # told by another check
    forged = push_counts.forged(found)
    if forged and not found.get(push_counts.ACCEPTED):
        yield bad(
            f"All pushes so far were refused, {forged}: {_reasons(found)}.",
            "audience: GOOGLE_PUBSUB_AUDIENCE and the subscription's must be the same; service_account: so must the account;"
            " time: this machine's clock is wrong; token: the subscription has no authentication.",
        )
    else:
        yield ok(f"Pushes: {found.get(push_counts.ACCEPTED, 0)} accepted, {forged} refused as forged.")


def _reasons(found: dict[str, int]) -> str:
    named = {
        name.removeprefix(push_counts.FORGED): n for name, n in found.items() if name.startswith(push_counts.FORGED)
    }
    return ", ".join(f"{name} {count}" for name, count in named.items())
