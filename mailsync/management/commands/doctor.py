"""Say what is wrong with an installation, and what to mend."""

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from mailsync.doctor.checks import CHECKS
from mailsync.doctor.registry import Finding, Level, examine, is_well

MARKS = {Level.OK: "ok  ", Level.NOTE: "note", Level.BAD: "BAD ", Level.SKIPPED: "-   "}


class Command(BaseCommand):
    """`doctor [--json]`."""

    help = "Check settings, servers, processes, Google, push. Say in words what to mend. Exit 0 only if all is well."
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        """In which form."""
        parser.add_argument("--json", action="store_true", help="print the findings as JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        """Print every finding."""
        found = examine(CHECKS)
        if options["json"]:
            self.stdout.write(json.dumps({"ok": is_well(found), "findings": [each.as_json() for each in found]}))
        else:
            self.stdout.write("\n".join(_line(each) for each in found))
        if not is_well(found):
            bad = sorted({each.check for each in found if each.level is Level.BAD})
            raise CommandError(f"To be mended: {', '.join(bad)}.")
        if not options["json"]:
            self.stdout.write("All is well.")


def _line(found: Finding) -> str:
    mend = f"\n                 -> {found.mend}" if found.mend else ""
    return f"{MARKS[found.level]} {found.check:<11} {found.said}{mend}"
