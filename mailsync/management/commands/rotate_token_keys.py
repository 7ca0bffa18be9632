"""Encrypt every kept secret with the newest key."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils.translation import override

from mailsync.rotation import rotate


class Command(BaseCommand):
    """`rotate_token_keys`."""

    help = (
        "Encrypt all grants anew with the first of TOKEN_ENCRYPTION_KEYS. Put the new key first, restart every process, run "
        "this, then take the old key away. May be run while syncs run, and run again."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        """Say how many, and which no key opens."""
        with override("en"):
            found = rotate(by="manage.py")
        kinds = ", ".join(f"{label}: {count}" for label, count in found.done.items())
        self.stdout.write(f"Encrypted anew with the newest key: {found.total} ({kinds}).")
        if found.unreadable:
            raise CommandError(
                "No key of TOKEN_ENCRYPTION_KEYS opens: "
                + "; ".join(found.unreadable)
                + ". Add the key that they were encrypted with, or connect these mailboxes again."
            )
        self.stdout.write("Nothing here needs an older key any more.")
