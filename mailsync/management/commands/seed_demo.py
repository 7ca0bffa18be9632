"""Make the demo user with one simulated mailbox."""

from typing import Any

from django.conf import settings
from django.contrib.auth.models import User
from django.core.management.base import BaseCommand, CommandError

from mailsync.demo import MAILBOX, connect_simulated

LOOPBACK = {"127.0.0.1", "localhost", "::1"}
NAME = "demo"


class Command(BaseCommand):
    """Runs in the embedded default alone."""

    help = "Create demo / demo with a simulated mailbox; refused outside the embedded default on loopback."

    def handle(self, *args: Any, **options: Any) -> None:
        """Idempotent: an existing demo user stays as it is."""
        if not (settings.EMBEDDED and settings.DEVELOPMENT and settings.HOST in LOOPBACK):
            raise CommandError("The demo user exists only in the embedded default, with DEBUG on, bound to loopback.")
        user = User.objects.filter(username=NAME).first()
        if user is None:
            user = User.objects.create_superuser(NAME, MAILBOX, NAME)
        if settings.SIMULATED and not user.mail_accounts.exists():  # type: ignore[attr-defined]
            connect_simulated(user)
