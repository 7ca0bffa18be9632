"""Let in whoever has lost authenticator and recovery codes."""

from argparse import ArgumentParser
from typing import Any

from django.contrib.auth.models import User
from django.core.management.base import BaseCommand, CommandError

from mailsync.second_step import switch_off


class Command(BaseCommand):
    """`switch_off_second_step NAME`."""

    help = "Switch a user's two-step sign-in off; where staff need one, it is set up anew at the next sign-in."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Whose."""
        parser.add_argument("name", help="name of the user")

    def handle(self, *args: Any, **options: Any) -> None:
        """Say what was."""
        user = User.objects.filter(username=options["name"]).first()
        if user is None:
            raise CommandError(f"There is no user {options['name']!r}.")
        if not switch_off(user, by="manage.py"):
            raise CommandError(f"{user.username} signs in with a password alone.")
        self.stdout.write(f"{user.username} signs in with a password alone from now on.")
