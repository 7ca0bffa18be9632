#!/usr/bin/env python
"""Django's commands, in the environment that the embedded default fills in."""

import os
import signal
import sys

from django.core.exceptions import ImproperlyConfigured
from django.core.management import execute_from_command_line
from django.db.utils import OperationalError

from config.embedded.environment import embedded
from config.embedded.errors import CannotStart

# Commands that talk to Gmail; for the others no simulator is started.
SPEAK_TO_GMAIL = {"connect_account", "doctor", "seed_demo", "sync_account", "verify_account"}


def main() -> None:
    """Run one command; what cannot start says so in one sentence."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    command = next(iter(sys.argv[1:]), "")
    try:
        with embedded(f"manage.py {command}", simulator=command in SPEAK_TO_GMAIL):
            execute_from_command_line(sys.argv)
    except (CannotStart, ImproperlyConfigured) as error:
        sys.exit(f"mailsync: {error}")
    except KeyboardInterrupt:
        sys.exit(128 + signal.SIGINT)
    except OperationalError as error:
        if "--traceback" in sys.argv:
            raise
        sys.exit(f"mailsync: the database refuses: {str(error).splitlines()[0]}")


if __name__ == "__main__":
    main()
