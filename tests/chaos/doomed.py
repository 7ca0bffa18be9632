"""Be workers that kill themselves at a boundary: python -m tests.chaos.doomed ADDRESS EMAIL.

Each line of the input is an order, [story, account, number, kind, way] in JSON, carried out by a forked child as in a worker's
pool; each line of the output says how that child ended.
"""

import json
import os
import signal
import sys

import django


def main(address: str, email: str) -> None:
    registry.kind(schedule.KIND)  # whatever can be loaded is loaded once, before the forks
    gmail = Gmail(address, email)
    with story.small_pages(), cuts.installed():
        for line in sys.stdin:
            name, account, *boundary = json.loads(line)
            child = os.fork()
            if not child:
                live(getattr(story, name)(Account.objects.get(pk=account), gmail), cuts.Boundary(*boundary))
            _, status = os.waitpid(child, 0)
            print(os.waitstatus_to_exitcode(status), flush=True)


def live(told: "story.Story", at: "cuts.Boundary") -> None:
    """Work until the end comes; a child that nothing ended says so with 3."""
    with cuts.holding(story.scissors(told, at=at, end=lambda: os.kill(os.getpid(), signal.SIGKILL))):
        told.work()
    os._exit(3)


if __name__ == "__main__":
    django.setup()  # models can be imported only after this
    from mailsync import schedule
    from mailsync.models import Account
    from syncjobs import registry
    from tests.chaos import cuts, story
    from tests.mailsync.simulated import Gmail

    main(*sys.argv[1:])
