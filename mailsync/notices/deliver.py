"""Tell what is due: at least once, more and more rarely while it fails, never more at once than a person reads."""

import json
import logging
import smtplib
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.contrib.auth.models import User
from django.core.mail import EmailMessage
from django.db import transaction
from django.db.models import F, Q
from django.template.loader import render_to_string
from django.utils import translation

from mailsync.models import Notice, Preferences
from mailsync.notices import outside, signature, words
from mailsync.notices.outbox import choice_of
from syncjobs.clock import SyncNow, in_
from syncjobs.meters import meters

log = logging.getLogger(__name__)

FIRST_PAUSE, LONGEST_PAUSE = timedelta(seconds=30), timedelta(hours=1)
GIVE_UP = timedelta(days=1)
BETWEEN_MAILS = timedelta(minutes=5)  # to one user: what comes meanwhile is told in the next, together
MOST_IN_A_MAIL = 50
MOST_POSTS = 20  # of one user in a tick
MOST_USERS, SECONDS = 50, 30.0  # of one tick


def tick() -> int:
    """How many were told. Any number of ticks may run at once: each row is taken by one."""
    _give_up()
    due = Notice.objects.filter(_is_due()).order_by("not_before").values_list("user", "way")
    until, told = time.monotonic() + SECONDS, 0
    for user_id, way in dict.fromkeys(due[: MOST_USERS * MOST_IN_A_MAIL]):
        if time.monotonic() > until:
            break
        told += _mail(user_id) if way == Notice.Way.MAIL else _post(user_id, until)
    return told


def _is_due() -> Q:
    return Q(delivered_at=None, given_up_at=None, not_before__lte=SyncNow())


def _give_up() -> None:
    old = Notice.objects.filter(delivered_at=None, given_up_at=None, at__lt=in_(-GIVE_UP))
    if count := old.update(given_up_at=SyncNow()):
        log.warning("%s notifications could not be told within a day", count)


def _taken(user_id: int, way: Notice.Way, most: int) -> list[Notice]:
    """Rows with their next attempt announced before this one: a process that dies in mid-attempt does not repeat it at once."""
    with transaction.atomic():
        rows = Notice.objects.filter(_is_due(), user=user_id, way=way).order_by("id")
        taken = list(rows.select_for_update(skip_locked=True)[:most])
        for row in taken:
            pause = min(FIRST_PAUSE * 2 ** min(row.attempts, 20), LONGEST_PAUSE)
            Notice.objects.filter(pk=row.pk).update(attempts=F("attempts") + 1, not_before=in_(pause))
    return taken


def _mail(user_id: int) -> int:
    """All that is due to this user in one mail, unless one went a moment ago."""
    sent = Notice.objects.filter(user=user_id, way=Notice.Way.MAIL, delivered_at__gt=in_(-BETWEEN_MAILS))
    if sent.exclude(event="test").exists() and not _only_tests(user_id):
        return 0
    user = User.objects.get(pk=user_id)
    taken = _taken(user_id, Notice.Way.MAIL, MOST_IN_A_MAIL)
    if not taken:
        return 0
    return _settle(taken, lambda: _letter(user, taken).send(), (smtplib.SMTPException, OSError))


def _only_tests(user_id: int) -> bool:
    due = Notice.objects.filter(_is_due(), user=user_id, way=Notice.Way.MAIL)
    return not due.exclude(event="test").exists()


def _post(user_id: int, until: float) -> int:
    user = User.objects.get(pk=user_id)
    url, told = choice_of(user).webhook_url, 0
    for row in _taken(user_id, Notice.Way.WEBHOOK, MOST_POSTS):
        if time.monotonic() > until:
            break
        told += _settle([row], lambda row=row: _call(user, url, row), (outside.Refused,))  # type: ignore[misc]
    return told


def _settle(taken: list[Notice], attempt: Callable[[], Any], trouble: tuple[type[Exception], ...]) -> int:
    rows = Notice.objects.filter(pk__in=[row.pk for row in taken])
    try:
        attempt()
    except trouble as error:
        word = str(error) if isinstance(error, outside.Refused) else "mail_server"
        log.warning("a notification could not be told yet: %s", word)
        meters.count("notices", way=taken[0].way, result="failed")
        rows.update(trouble=word)
        return 0
    meters.count("notices", way=taken[0].way, result="told")
    return rows.filter(given_up_at=None).update(delivered_at=SyncNow(), trouble="")


def _letter(user: User, notices: list[Notice]) -> EmailMessage:
    with translation.override(_language(user)):
        told = [(words.headline(each), words.sentence(each), words.link(each)) for each in notices]
        context = {"name": user.get_username(), "told": told, "site": settings.PUBLIC_URL}
        body = render_to_string("mailsync/letters/notices.txt", context)
        return EmailMessage(words.subject(notices), body, to=[user.email])


def _call(user: User, url: str, notice: Notice) -> None:
    with translation.override(_language(user)):
        said = f"{words.headline(notice)}. {words.sentence(notice)}".strip()
    message = {
        "type": notice.event,
        "timestamp": notice.at.isoformat(),
        "data": {
            "account": notice.account_id,
            "email": notice.facts.get("email"),
            "task_id": notice.facts.get("task_id"),
            "code": notice.facts.get("code"),
            "message": said,
            "url": words.link(notice),
        },
    }
    body = json.dumps(message, ensure_ascii=False).encode()
    signed = signature.headers(settings.WEBHOOK_SECRET, user.pk, _id(notice), int(time.time()), body)
    headers = {"Content-Type": "application/json", "User-Agent": "mailsync", **signed}
    outside.post(url, body, headers, private=settings.WEBHOOK_ALLOW_PRIVATE)


def _id(notice: Notice) -> str:
    """Its moment beside its number: a restored database gives numbers a second time, and receivers drop what they know."""
    return f"notice_{notice.pk}_{int(notice.at.timestamp() * 1_000_000):x}"


def _language(user: User) -> str:
    chosen = Preferences.objects.filter(user=user).first()
    return (chosen.language if chosen else "") or settings.LANGUAGE_CODE
