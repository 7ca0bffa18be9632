"""Be one program whose job moves four times a second, and says when each of its steps was committed."""

import json
import time

import django

STEPS, SECONDS = 60, 0.26


def run(context: "Context") -> None:  # noqa: F821
    """One percent after the other; on standard output in the end: [percent, moment after the commit]."""
    moments = []
    for step in range(1, STEPS + 1):
        with context.page() as report:
            report.percentage, report.worked = float(step), step
            report.stats = {"done": step, "total": STEPS}
        moments.append([float(step), time.time()])
        time.sleep(SECONDS)
    print(json.dumps(moments), flush=True)


def main() -> None:
    """A job of the first mailbox of user `one`."""
    account = Account.objects.get(owner__username="one")
    job = SyncJob.objects.create(
        task_id=new_task_id(account.owner_id),
        kind="steps",
        owner=account.owner,
        resource=account.resource,
        title=account.email,
        facts={"account": account.pk, "email": account.email},
        mode="full",
        trigger=Trigger.BUTTON,
    )
    runner.run(job.pk, "benchmark")


if __name__ == "__main__":
    django.setup()  # models can be imported only after this

from mailsync.models import Account  # noqa: E402
from syncjobs import runner  # noqa: E402
from syncjobs.models import SyncJob, new_task_id  # noqa: E402
from syncjobs.registry import Kind  # noqa: E402
from syncjobs.states import Trigger  # noqa: E402

KIND = Kind(
    run=run,
    wider=lambda active, asked: active,
    finished=lambda job, state, code: None,
    restart=lambda job, trigger: None,
)

if __name__ == "__main__":
    main()
