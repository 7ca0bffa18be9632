"""Connect a mailbox without a browser."""

import json
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.contrib.auth.models import User
from django.core.management.base import BaseCommand, CommandError
from django.core.validators import validate_email

from mailsync.connect import connect
from mailsync.credentials import service_account_grant, user_grant
from mailsync.models import Account


class Command(BaseCommand):
    """`connect_account --owner NAME --email ADDRESS --refresh-token TOKEN`."""

    help = "Connect a mailbox without a browser. Starts no sync: the first scheduled one is an interval away."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Owner, address, one of two grants."""
        parser.add_argument("--owner", required=True, help="name of the user who will own the mirror")
        parser.add_argument("--email", required=True, help="address of the mailbox")
        parser.add_argument(
            "--policy",
            choices=Account.Policy.values,
            default=Account.Policy.BOTH,
            help="readable first, then every byte (both); every byte at once (archive); bytes on demand only (readable)",
        )
        grant = parser.add_mutually_exclusive_group(required=True)
        grant.add_argument("--refresh-token", help="a refresh token of this installation's OAuth client")
        grant.add_argument("--service-account", type=Path, metavar="FILE", help="key of a Workspace service account")

    def handle(self, *args: Any, **options: Any) -> None:
        """Keep the grant."""
        owner = User.objects.filter(username=options["owner"]).first()
        if owner is None:
            raise CommandError(f"There is no user {options['owner']!r}. Create one with: manage.py createsuperuser")
        try:
            validate_email(options["email"])
        except Exception:
            raise CommandError(f"{options['email']!r} is not an e-mail address.") from None
        token = options["refresh_token"]
        grant = user_grant(token) if token else _delegation(options["service_account"])
        account = connect(owner, options["email"], grant, options["policy"], by="manage.py")
        self.stdout.write(
            f"Connected {account.email} (account {account.pk}); first scheduled sync {account.next_sync_at:%Y-%m-%d %H:%M} UTC."
        )


def _delegation(path: Path) -> str:
    try:
        info = json.loads(path.read_text())
    except (OSError, ValueError) as error:
        raise CommandError(f"Cannot read the key in {path}: {error}") from None
    if not isinstance(info, dict) or info.get("type") != "service_account":
        raise CommandError(f"{path} is not the key of a service account.")
    return service_account_grant(info)
