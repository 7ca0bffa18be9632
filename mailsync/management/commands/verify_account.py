"""Prove that a mirror equals its mailbox."""

import json
import time
from argparse import ArgumentParser
from contextlib import closing
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from gmail.errors import GmailError
from gmail.quota import Priority
from mailsync.credentials import open_credentials, open_mailbox
from mailsync.encryption import Undecryptable
from mailsync.management.accounts import account_called
from mailsync.usage import Meter
from mailsync.verify import sentences, verify


class Command(BaseCommand):
    """`verify_account ADDRESS [--sample N] [--all] [--json]`."""

    help = "Compare the mirror with Gmail: every id, every label, the bytes of a sample. Exit 0 if and only if equal."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Which, how thoroughly, in which words."""
        parser.add_argument("address", help="address (or id) of the mailbox")
        parser.add_argument(
            "--sample", type=int, default=50, metavar="N", help="compare the bytes of N messages (default 50)"
        )
        parser.add_argument("--all", action="store_true", help="compare the bytes of all messages")
        parser.add_argument("--json", action="store_true", help="print the result as JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        """Print what differs."""
        account = account_called(options["address"])
        if options["sample"] < 0:
            raise CommandError("--sample must not be negative.")
        try:
            credentials = open_credentials(account)
            gmail = open_mailbox(
                account,
                credentials,
                lambda seconds, _: time.sleep(seconds),
                priority=Priority.INTERACTIVE,
                max_wait=120,
            )
            with closing(gmail):
                try:
                    found = verify(account, gmail, sample=None if options["all"] else options["sample"])
                finally:
                    Meter(account.pk, gmail).finish()
        except (GmailError, Undecryptable) as error:
            raise CommandError(f"Cannot compare {account.email}: {error}") from None
        if options["json"]:
            self.stdout.write(json.dumps({"account": account.pk, "email": account.email, **found.as_json()}))
        else:
            self.stdout.write(
                "\n".join(
                    [
                        f"{account.email}: {found.checked} messages listed, bytes of {found.bytes_checked} compared.",
                        *sentences(found),
                    ]
                )
            )
        if not found.equal:
            raise CommandError(f"The mirror of {account.email} differs from Gmail.")
        if not options["json"]:
            self.stdout.write("Equal.")
