"""Connect mailboxes without a browser."""

import json
import sys
from argparse import ArgumentParser
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TextIO

from django.contrib.auth.models import User
from django.core.management.base import BaseCommand, CommandError
from django.core.validators import validate_email

from mailsync.connect import connect
from mailsync.credentials import service_account_grant, user_grant
from mailsync.domain import connect_all
from mailsync.models import Account


class Command(BaseCommand):
    """`connect_account --owner NAME --email ADDRESS --refresh-token TOKEN`, or a list of a Workspace's addresses."""

    help = (
        "Connect a mailbox without a browser. Starts no sync: the first scheduled one is an interval away. With --service-account "
        "and --addresses all mailboxes of a list, a line of report for each; run again, it does what is left."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Owner, address or addresses, one of two grants."""
        parser.add_argument("--owner", required=True, help="name of the user who will own the mirror")
        which = parser.add_mutually_exclusive_group(required=True)
        which.add_argument("--email", help="address of the mailbox")
        which.add_argument(
            "--addresses",
            metavar="FILE",
            help="a list with an address a line (- is the standard input); needs a service account",
        )
        parser.add_argument(
            "--policy",
            choices=Account.Policy.values,
            default=Account.Policy.BOTH,
            help="readable first, then every byte (both); every byte at once (archive); bytes on demand only (readable)",
        )
        grant = parser.add_mutually_exclusive_group(required=True)
        grant.add_argument("--refresh-token", help="a refresh token of this installation's OAuth client")
        grant.add_argument("--service-account", type=Path, metavar="FILE", help="key of a Workspace service account")
        parser.add_argument(
            "--no-check",
            action="store_true",
            help="do not ask Google first whether it lets us into each mailbox of a list",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Keep the grant."""
        owner = User.objects.filter(username=options["owner"]).first()
        if owner is None:
            raise CommandError(f"There is no user {options['owner']!r}. Create one with: manage.py createsuperuser")
        if options["addresses"] is not None:
            self._connect_all(owner, options)
        else:
            self._connect(owner, options)

    def _connect(self, owner: User, options: dict[str, Any]) -> None:
        try:
            validate_email(options["email"])
        except Exception:
            raise CommandError(f"{options['email']!r} is not an e-mail address.") from None
        token = options["refresh_token"]
        grant = user_grant(token) if token else service_account_grant(_key(options["service_account"]))
        account = connect(owner, options["email"], grant, options["policy"], by="manage.py")
        self.stdout.write(
            f"Connected {account.email} (account {account.pk}); first scheduled sync {account.next_sync_at:%Y-%m-%d %H:%M} UTC."
        )

    def _connect_all(self, owner: User, options: dict[str, Any]) -> None:
        if options["service_account"] is None:
            raise CommandError("--addresses needs --service-account: a refresh token opens one mailbox only.")
        info, counted, bad = _key(options["service_account"]), Counter[str](), 0
        with _lines(options["addresses"]) as lines:
            for each in connect_all(owner, lines, info, options["policy"], check=not options["no_check"]):
                counted[each.word] += 1
                self.stdout.write(f"{each.word:<9} {each.address}  {each.detail}")
                bad += not each.good
        self.stdout.write(
            ", ".join(f"{word}: {count}" for word, count in sorted(counted.items())) or "The list is empty."
        )
        if bad:
            raise CommandError(f"{bad} of {sum(counted.values())} mailboxes were not connected: see the lines above.")


@contextmanager
def _lines(path: str) -> Iterator[TextIO]:
    if path == "-":
        yield sys.stdin
        return
    try:
        with Path(path).open(encoding="utf-8-sig") as lines:
            yield lines
    except (OSError, UnicodeDecodeError) as error:
        raise CommandError(f"Cannot read the list in {path}: {error}") from None


def _key(path: Path) -> dict[str, Any]:
    try:
        info = json.loads(path.read_text())
    except (OSError, ValueError) as error:
        raise CommandError(f"Cannot read the key in {path}: {error}") from None
    if not isinstance(info, dict) or info.get("type") != "service_account":
        raise CommandError(f"{path} is not the key of a service account.")
    return info
