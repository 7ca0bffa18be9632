"""Send the letters that are due, as the rows say; a lost tick, a doubled one, a mail server that is away lose none."""

import logging
import smtplib
import time
from collections.abc import Iterator
from datetime import timedelta

from django.conf import settings
from django.contrib.auth.models import User
from django.core.mail import EmailMessage
from django.db import transaction
from django.db.models import F
from django.template.loader import render_to_string
from django.utils import translation
from django.utils.translation import gettext_lazy as _

from mailsync import links
from mailsync.models import Invitation, Letter, Preferences
from syncjobs.clock import SyncNow, in_

log = logging.getLogger(__name__)

Kind = Letter.Kind
GIVE_UP = timedelta(days=1)
FIRST_PAUSE, LONGEST_PAUSE = timedelta(seconds=30), timedelta(hours=1)
MOST_AT_ONCE, SECONDS = 20, 20.0  # of one tick
MOST_WAITING = 1_000  # whoever floods the form meets a bound that no mail server would forgive
SUBJECTS = {
    Kind.RESET: _("A new password for mailsync"),
    Kind.INVITATION: _("You are invited to mailsync"),
    Kind.NEW_ADDRESS: _("Confirm your e-mail address for mailsync"),
    Kind.ADDRESS_LEFT: _("Your e-mail address at mailsync is changed"),
    Kind.PASSWORD_CHANGED: _("Your password at mailsync is changed"),
}


def post(kind: Letter.Kind, address: str, *, user: User | None = None, language: str = "") -> None:
    """Have a letter sent soon. One that waits already is not doubled."""
    if Letter.objects.count() >= MOST_WAITING:
        log.error("a letter is not taken: %s wait already", MOST_WAITING)
        return
    Letter.objects.bulk_create(
        [Letter(kind=kind, address=address, user=user, language=language)], ignore_conflicts=True
    )


def tick() -> int:
    """Send what is due. Returns how many letters are settled; any number may run at once, each row is taken by one of them."""
    Letter.objects.filter(asked_at__lt=in_(-GIVE_UP)).delete()
    due = Letter.objects.filter(not_before__lte=SyncNow()).order_by("not_before")
    until = time.monotonic() + SECONDS
    pks = list(due.values_list("pk", flat=True)[:MOST_AT_ONCE])
    return sum(_settle(pk) for pk in pks if time.monotonic() < until)


def _settle(pk: int) -> bool:
    taken = _take(pk)
    if taken is None:
        return False
    try:
        for mail in compose(taken):
            mail.send()
    except (smtplib.SMTPException, OSError) as trouble:
        log.warning("a letter could not be sent yet: %s", type(trouble).__name__)
        return False
    taken.delete()
    return True


def _take(pk: int) -> Letter | None:
    """The row, its next attempt announced before this one: a tick that is killed in mid-letter does not repeat it at once."""
    with transaction.atomic():
        rows = Letter.objects.filter(pk=pk, not_before__lte=SyncNow())
        row = rows.select_related("user").select_for_update(skip_locked=True, of=("self",)).first()
        if row is not None:
            pause = min(FIRST_PAUSE * 2 ** min(row.attempts, 20), LONGEST_PAUSE)
            rows.update(attempts=F("attempts") + 1, not_before=in_(pause))
    return row


def compose(letter: Letter) -> Iterator[EmailMessage]:
    """The mails that a letter is made of: of a reset one for each user of that address, maybe none."""
    if letter.kind == Kind.RESET:
        for user in users_of(letter.address):
            yield _mail(letter, user.email, user, links.reset(user))
    elif letter.kind == Kind.INVITATION:
        for invitation in Invitation.objects.filter(email=letter.address, expires_at__gt=SyncNow()):
            yield _mail(letter, letter.address, None, links.join(invitation))
    elif letter.user is not None:
        link = links.new_address(letter.user, letter.address) if letter.kind == Kind.NEW_ADDRESS else ""
        yield _mail(letter, letter.address, letter.user, link)


def users_of(address: str) -> list[User]:
    """Who may set a new password by a letter to this address."""
    found = User.objects.filter(email__iexact=address, is_active=True).exclude(email="")
    return [user for user in found if user.has_usable_password()]


def _mail(letter: Letter, address: str, user: User | None, link: str) -> EmailMessage:
    chosen = Preferences.objects.filter(user=user).first() if user else None
    with translation.override((chosen and chosen.language) or letter.language or settings.LANGUAGE_CODE):
        body = render_to_string(
            f"mailsync/letters/{letter.kind}.txt",
            {"link": link, "name": user.get_username() if user else "", "site": settings.PUBLIC_URL},
        )
        return EmailMessage(str(SUBJECTS[Kind(letter.kind)]), body, to=[address])
