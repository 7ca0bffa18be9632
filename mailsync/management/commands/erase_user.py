"""Erase a person with everything of theirs."""

import time
from argparse import ArgumentParser
from typing import Any

from django.contrib.auth.models import User
from django.core.management.base import BaseCommand, CommandError

from mailsync import departure, erase, revoke, watch
from mailsync.models import Account, Message, Revocation

PAUSE = 1.0  # seconds between two looks at a job that its worker still holds
PATIENCE = 300.0  # seconds without any progress


class Command(BaseCommand):
    """`erase_user NAME --yes`."""

    help = (
        "Erase a user: shut out at once, syncs cancelled, grants given back to Google, every mailbox erased with its mail, in "
        "the end the user. Goes on where it was stopped; without --yes it only says what would go. The audit log keeps the "
        "name for a year; dumps made before keep everything."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Who; whether for real."""
        parser.add_argument("name", help="name of the user")
        parser.add_argument("--yes", action="store_true", help="do it")

    def handle(self, *args: Any, **options: Any) -> None:
        """Return when nothing is left; raises CommandError for a stranger, and when it comes to a stop."""
        user = User.objects.filter(username=options["name"]).first()
        if user is None:
            raise CommandError(f"There is no user {options['name']!r}.")
        emails = list(Account._base_manager.filter(owner=user).values_list("email", flat=True))
        mail = Message.objects.filter(account__owner=user).count()
        if not options["yes"]:
            raise CommandError(
                f"{user.username}: {len(emails)} mailboxes, {mail} messages. Nothing was done: this needs --yes."
            )
        departure.leave(user, by="manage.py")
        self._erase(user.pk)
        watch.tick()  # what is revoked can stop no watch any more
        revoke.tick()
        self.stdout.write(f"{options['name']} is gone, with {len(emails)} mailboxes and {mail} messages.")
        if waiting := Revocation.objects.filter(email__in=emails).count():
            self.stdout.write(f"Grants that the clock still gives back to Google: {waiting}.")

    def _erase(self, owner: int) -> None:
        until = time.monotonic() + PATIENCE
        while User.objects.filter(pk=owner).exists():
            if erase.tick() + departure.tick():
                until = time.monotonic() + PATIENCE
            elif time.monotonic() > until:
                raise CommandError("A worker still holds a job of this user. Run it again when that has ended.")
            else:
                time.sleep(PAUSE)
