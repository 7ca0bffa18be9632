"""Create a key to the API."""

from argparse import ArgumentParser
from typing import Any

from django.contrib.auth.models import User
from django.core.management.base import BaseCommand, CommandError

from mailsync import tokens
from mailsync.durations import parse_duration


class Command(BaseCommand):
    """`create_api_token NAME [--label L] [--expires 90d]`."""

    help = "Create a token for the API; it is shown once, alone on the last line."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Whose, what for, how long."""
        parser.add_argument("name", help="name of the user")
        parser.add_argument("--label", default="", help="what it is for")
        parser.add_argument(
            "--expires", default=None, metavar="90d", help="how long it is valid (default: until revoked)"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Print the secret."""
        user = User.objects.filter(username=options["name"], is_active=True).first()
        if user is None:
            raise CommandError(f"There is no active user {options['name']!r}.")
        try:
            expires = parse_duration(options["expires"]) if options["expires"] else None
        except ValueError:
            raise CommandError(f"--expires must be a time such as 90d or 12h, not {options['expires']!r}.") from None
        token, secret = tokens.issue(user, options["label"][:100], expires, by="manage.py")
        until = f"until {token.expires_at:%Y-%m-%d %H:%M} UTC" if token.expires_at else "until revoked"
        self.stdout.write(f"Token {token.label or token.pk} of {user.username}, valid {until}:")
        self.stdout.write(secret)
