"""Take the mail of one mailbox out, into files."""

from argparse import ArgumentParser
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from mailsync import audit
from mailsync.export.folders import eml, maildir
from mailsync.export.marks import names_of
from mailsync.export.mbox import mbox
from mailsync.export.originals import Found, Missing, Originals
from mailsync.export.place import Occupied, new_file
from mailsync.export.selection import EVERYTHING, walk
from mailsync.export.tally import Tally
from mailsync.management.accounts import account_called
from mailsync.models import Account, Message, Preferences
from mailsync.preferences import zone
from mailsync.search import mail_list
from mailsync.texts import MISSING

FOLDERS = {"maildir": maildir, "eml": eml}


class Command(BaseCommand):
    """`export_mailbox ADDRESS --format mbox|maildir|eml --output PATH [--query Q]`."""

    help = (
        "Export a mailbox with its exact bytes; what is not held yet is fetched from Gmail. Exit 0 only if nothing is missing."
        " A Maildir or folder of .eml files that was broken off is gone on with; an mbox appears once it is whole."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Which, in what form, where to, how much of it."""
        parser.add_argument("address", help="address (or id) of the mailbox")
        parser.add_argument("--format", choices=["mbox", *FOLDERS], required=True)
        parser.add_argument(
            "--output", type=Path, required=True, metavar="PATH", help="a new file (mbox) or a folder (maildir, eml)"
        )
        parser.add_argument(
            "--query",
            default=EVERYTHING,
            metavar="Q",
            help="a search with Gmail's operators; without one, all that Gmail has (what was deleted there: in:deleted)",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Tell each message that is missing as soon as it is known."""
        account, output = account_called(options["address"]), options["output"]
        tally = Tally(self._tell)
        audit.record("exported", by="manage.py", mailbox=account, form=options["format"], q=options["query"])
        try:
            with timezone.override(_zone(account)):
                _export(account, options["format"], output, options["query"], tally)
        except Occupied as error:
            raise CommandError(f"{error}.") from None
        except OSError as error:
            raise CommandError(f"Cannot write to {output}: {error.strerror}.") from None
        self.stdout.write(f"{account.email}: {tally.messages:,} messages, {tally.bytes:,} bytes to {output}.")
        if tally.missing:
            raise CommandError(f"{tally.missing:,} messages are missing from this export: their ids stand above.")

    def _tell(self, each: Missing) -> None:
        self.stderr.write(f"{each.message.gmail_id} is missing: {MISSING[each.code]}")


def _export(account: Account, form: str, output: Path, q: str, tally: Tally) -> None:
    names, pages = names_of([account]), walk(mail_list([account], "", q))

    def bring(wanted: Iterable[list[Message]]) -> Iterable[Found]:
        return tally.of(Originals().of(wanted))

    if form in FOLDERS:
        FOLDERS[form](output, pages, bring, names, {"account": account.email, "format": form, "query": q})
        return
    with new_file(output) as file:
        file.writelines(mbox(bring(pages), names))


def _zone(account: Account) -> Any:
    """The owner's: days in a search begin there."""
    chosen = Preferences.objects.filter(user=account.owner_id).first()
    return zone(chosen.time_zone if chosen else "")
